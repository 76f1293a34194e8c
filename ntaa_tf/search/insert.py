"""From a source model to a supernet: a mixed op at every site."""

from collections.abc import Sequence
from typing import cast

import keras

from ntaa_tf.architecture import Architecture
from ntaa_tf.geometry import Geometry
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.graph.select import FoundConvolution
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cells import EDGES
from ntaa_tf.layers.cells import Cell
from ntaa_tf.layers.cells import check_cell
from ntaa_tf.layers.cells import format_cell
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.layers.search_space import check_candidates
from ntaa_tf.layers.search_space import list_candidates
from ntaa_tf.search.insertion import Insertion
from ntaa_tf.search.insertion import input_name
from ntaa_tf.search.schedule import STARTS
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.search.supernet import check_known

MAX_SKIP_INPUTS = 3
# The initial logit of the source's own operation, by the kind of the start.
LEADS = {"exact": 3.0, "paper": 1.0}


def insert_mixed_ops(
    source: keras.Model,
    candidates: str = "ntaa",
    sites: str = "all",
    skip_inputs: int = 1,
    inherit: bool = True,
    seed: int = 0,
    architecture: Architecture | None = None,
    has_gains: bool = False,
    start: str = "exact",
    source_lead: float | None = None,
) -> Supernet:
    """Replace convolutions by mixtures of them and other operations.

    At first the supernet computes what the source computes; the source is
    left as it is.

    Args:
        source: a functional or Sequential model of known image size.
        candidates: a search space, `ntaa`, `ntaa_dense` or `ntaa_depthwise`,
            or names of candidates separated by commas.
        sites: which convolutions; see `graph.select.select_sites`.
        skip_inputs: from how many layers a site chooses its input: 1 is its
            own input only, 3 is the paper's skip connections.
        inherit: whether the kernels of new candidates start as the source's,
            or random.
        seed: of random kernels and of noise.
        architecture: a stored architecture: its sites are the sites and its
            choices the candidates (`sites` and `candidates` are not read), and
            the supernet computes it instead of the source.
        has_gains: whether weight-free candidates are scaled; `calibrate`
            finds by how much.
        start: `exact`, where larger kernels that inherit are the source's own
            and taps around it, and have its lead; or `paper`, where every
            candidate has a kernel of its own, and none its lead. `compile`
            takes the same word for how the mixture begins.
        source_lead: by how much the logit of the source's own operation
            exceeds the others at first; 3 by default, and 1 with the paper's
            start.

    Returns:
        A Keras model with the same inputs and outputs.

    Raises:
        ValueError: if an argument is invalid, the model can't be walked, no
            convolution is a site, or the architecture is of another model.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> hidden = keras.layers.Conv2D(4, 3, padding="same")(inputs)
    >>> conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")
    >>> supernet = insert_mixed_ops(keras.Model(inputs, conv(hidden)))
    >>> [choice.name for choice in supernet.choices]
    ['conv']
    """
    check_known("start", start, STARTS)
    flat = flatten(source)
    if architecture is None:
        chosen = choose_sites(flat, candidates, sites, skip_inputs)
        spaces = {site.name: candidates for site in chosen}
    else:
        chosen = _select_named(flat, architecture)
        spaces = {
            name: choice.candidate
            for name, choice in architecture.sites.items()
        }
        reads = [choice.reads for choice in architecture.sites.values()]
        skip_inputs = max(skip_inputs, 1 + max(reads))
    _check_skip_inputs(skip_inputs)
    insertion = Insertion(
        chosen,
        spaces,
        skip_inputs,
        inherit,
        seed,
        has_gains,
        lead=LEADS[start] if source_lead is None else source_lead,
        nests=inherit and start == "exact",
    )
    network = rewrite(flat, insertion.replacements())
    inputs, outputs = single_or_list(network)
    supernet = Supernet(inputs, outputs, name=flat.name)
    insertion.copy_weights()
    if architecture is not None:
        apply_architecture(supernet, architecture)
    return supernet


def choose_sites(
    source: keras.Model, candidates: str, sites: str, skip_inputs: int
) -> list[FoundConvolution]:
    """Choose the sites of a search, and check all that decides it.

    Args:
        source: a flat functional model.
        candidates: as `insert_mixed_ops` takes it.
        sites: likewise.
        skip_inputs: likewise.

    Raises:
        ValueError: if one of them is invalid or no convolution is a site.
    """
    check_candidates(candidates)
    _check_skip_inputs(skip_inputs)
    chosen = [
        site
        for site in select_sites(find_convolutions(source), sites)
        if len(list_candidates(candidates, cast(Geometry, site.geometry))) > 1
    ]
    if not chosen:
        raise ValueError(
            "Invalid value for `candidates`. Expected an operation that is "
            "another than the source's own at some site. Received: "
            f"{candidates!r}."
        )
    return chosen


def _check_cells(
    choices: Sequence[CellChoice], architecture: Architecture
) -> None:
    """Raise a ValueError unless an architecture is one of these cells."""
    edges = [f"{choice.name}_{edge}" for choice in choices for edge in EDGES]
    unknown = set(architecture.sites) - set(edges)
    reads = any(site.reads for site in architecture.sites.values())
    if unknown or reads:
        raise ValueError(
            "Invalid value for `architecture`. Expected edges of cells, such "
            f"as {edges[-1]!r}, each of which reads where it comes from. "
            f"Received: {dict(architecture.sites)}."
        )
    for choice in choices:
        check_cell(find_cell(choice.name, architecture), choice.options)


def find_cell(name: str, architecture: Architecture) -> Cell:
    """Give the cell of a kind, by the names of its edges.

    Args:
        name: of the kind.
        architecture: of a network of cells.
    """
    return {
        site.removeprefix(f"{name}_"): choice.candidate
        for site, choice in architecture.sites.items()
        if site.startswith(f"{name}_node")
    }


def _check_skip_inputs(skip_inputs: int) -> None:
    if not 1 <= skip_inputs <= MAX_SKIP_INPUTS:
        raise ValueError(
            "Invalid value for `skip_inputs`. Expected 1 to "
            f"{MAX_SKIP_INPUTS}. Received: {skip_inputs}."
        )


def apply_architecture(supernet: Supernet, architecture: Architecture) -> None:
    """Set the logits and the mixture to an architecture.

    Raises:
        ValueError: if the architecture is not of this supernet.
    """
    check_architecture(supernet, architecture)
    choices = {choice.name: choice for choice in supernet.choices}
    for name, choice in choices.items():
        if isinstance(choice, CellChoice):
            choice.choose(format_cell(find_cell(name, architecture)))
    for name, site in architecture.sites.items():
        if name not in choices:  # An edge of a cell, chosen above.
            continue
        choices[name].choose(site.candidate)
        if input_name(name) in choices:
            choices[input_name(name)].choose(str(site.reads))


def check_architecture(supernet: Supernet, architecture: Architecture) -> None:
    """Raise a ValueError unless every choice is one that the supernet has."""
    options = {choice.name: choice.options for choice in supernet.choices}
    sites = {c.name for c in supernet.choices if isinstance(c, MixedOp)}
    cells = [c for c in supernet.choices if isinstance(c, CellChoice)]
    if cells:
        _check_cells(cells, architecture)
        return
    if sites != set(architecture.sites):
        raise ValueError(
            "Invalid value for `architecture`. Expected a choice for each "
            f"site of the supernet: {sorted(sites)}. Received: "
            f"{sorted(architecture.sites)}."
        )
    for name in sites:
        site = architecture.sites[name]
        reads = options.get(input_name(name), ("0",))
        if site.candidate not in options[name] or str(site.reads) not in reads:
            raise ValueError(
                f"Invalid value for `architecture` at site {name!r}. Expected "
                f"a candidate of {list(options[name])} and reads of "
                f"{list(map(int, reads))}. Received: {site}."
            )


def _select_named(
    source: keras.Model, architecture: Architecture
) -> list[FoundConvolution]:
    supported = {
        conv.name: conv
        for conv in find_convolutions(source)
        if conv.geometry is not None
    }
    unknown = sorted(set(architecture.sites) - set(supported))
    if unknown or not architecture.sites:
        raise ValueError(
            "Invalid value for `architecture`. Expected sites that are "
            f"convolutions of the source: {list(supported)}. Received an "
            f"architecture with {unknown or 'no sites'}."
        )
    return [
        conv for name, conv in supported.items() if name in architecture.sites
    ]
