"""Derive an architecture from a supernet, and collapse it to a plain model."""

from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cell_node import CellNode
from ntaa_tf.layers.cells import Cell
from ntaa_tf.layers.cells import parse_cell
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixed_input import MixedInput
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.apply import check_architecture
from ntaa_tf.search.apply import find_cell
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.replacements import input_name
from ntaa_tf.search.supernet import Supernet


def derive(supernet: Supernet, budget: Budget | None = None) -> Architecture:
    """Derive the winners, or the most probable architecture within a budget.

    Args:
        supernet: a supernet, searched or not.
        budget: limits on the costs. Without a budget every site takes its
            winner.
    """
    if budget is None:
        options = {choice.name: choice.winner for choice in supernet.choices}
    else:
        options = budget.choose(supernet)
    sites: dict[str, SiteChoice] = {}
    for choice in supernet.choices:
        sites |= _list_sites(choice, options)
    return Architecture(sites)


def _list_sites(
    choice: Choice, options: Mapping[str, str]
) -> dict[str, SiteChoice]:
    """Return the entries of an architecture that belong to a choice.

    A cell has one for each of its edges. A mixed input has none: its option is
    the `reads` of its site.
    """
    option = options[choice.name]
    if isinstance(choice, CellChoice):
        return {
            f"{choice.name}_{edge}": SiteChoice(operation)
            for edge, operation in parse_cell(option).items()
        }
    if isinstance(choice, MixedOp):
        reads = int(options.get(input_name(choice.name), 0))
        return {choice.name: SiteChoice(option, reads)}
    return {}


def collapse(
    supernet: Supernet, architecture: Architecture | None = None
) -> keras.Model:
    """Collapse a supernet to a plain Keras model of one architecture.

    The model has the same outputs as the supernet with one-hot coefficients at
    the architecture's choices, and inherits the weights bit for bit. It
    consists of stock Keras layers only. Unused layers are removed.

    Args:
        supernet: a supernet; it is not modified.
        architecture: the choices; by default those of the largest logits.

    Raises:
        ValueError: if the supernet does not have the architecture's sites or
            options.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> supernet = insert_mixed_ops(keras.Model(inputs, conv(hidden)))
    >>> architecture = Architecture({"conv": SiteChoice("identity")})
    >>> len(collapse(supernet, architecture).layers)
    2
    """
    architecture = architecture or derive(supernet)
    check_architecture(supernet, architecture)
    # The layers of a replacement are new and already hold the weights of their
    # candidate. `rewrite` copies all other layers and drops unused ones.
    replacements: dict[str, Callable[..., Any]] = {}
    for choice in supernet.choices:
        if isinstance(choice, MixedOp):
            site = architecture.sites[choice.name]
            layers = choice.plain_layers(site.candidate)
            replacements[choice.name] = _chain(layers)
        elif isinstance(choice, MixedInput):
            site = architecture.sites[choice.name.removesuffix("_input")]
            replacements[choice.name] = _read(choice, site.reads)
    nodes = [layer for layer in supernet.layers if isinstance(layer, CellNode)]
    for node in nodes:
        cell = find_cell(node.kind, architecture)
        replacements[node.name] = _connect(node, cell)
    collapsed = rewrite(supernet, replacements)
    # The candidates of cells are models themselves, nested in the result.
    return flatten(collapsed) if nodes else collapsed


def _chain(layers: list[keras.Layer]) -> Callable[..., Any]:
    """Return a call that runs layers one after the other."""

    def call(tensor: Any, **_: Any) -> Any:
        for layer in layers:
            tensor = layer(tensor)
        return tensor

    return call


def _connect(node: CellNode, cell: Cell) -> Callable[..., Any]:
    """Return a call that computes a node of a cell with plain layers."""
    return lambda tensors, **_: node.connect_plainly(tensors, cell)


def _read(mixed_input: MixedInput, reads: int) -> Callable[..., Any]:
    """Return a call that reads one input, adapted to the site's own shape."""

    def call(tensors: list, **_: Any) -> Any:
        own = tensors[0]
        read = tensors[mixed_input.options.index(str(reads))]
        layers = mixed_input.plain_layers(own.shape, read.shape)
        return _chain(layers)(read)

    return call
