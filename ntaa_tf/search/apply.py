"""Apply a stored architecture to a supernet."""

from collections.abc import Sequence

from ntaa_tf.architecture import Architecture
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cells import EDGES
from ntaa_tf.layers.cells import Cell
from ntaa_tf.layers.cells import check_cell
from ntaa_tf.layers.cells import format_cell
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.search.replacements import input_name
from ntaa_tf.search.supernet import Supernet


def apply_architecture(supernet: Supernet, architecture: Architecture) -> None:
    """Set the logits and the mixture of a supernet to an architecture.

    Raises:
        ValueError: if the supernet does not have the architecture's sites or
            options.
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
    """Check that a supernet has the sites and options of an architecture.

    Raises:
        ValueError: if a site is missing or unknown, or a site does not have
            the chosen option.
    """
    options = {choice.name: choice.options for choice in supernet.choices}
    sites = {c.name for c in supernet.choices if isinstance(c, MixedOp)}
    cells = [c for c in supernet.choices if isinstance(c, CellChoice)]
    if cells:
        _check_cells(cells, architecture)
        return
    if sites != set(architecture.sites):
        raise ValueError(
            "The `architecture` and the supernet have different sites. "
            f"Expected: {sorted(sites)}. Received: "
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


def find_cell(name: str, architecture: Architecture) -> Cell:
    """Return one cell of an architecture: the operation of each edge.

    An architecture of cells stores the edge `EDGE` of the cell `NAME` as the
    site `NAME_EDGE`.

    Args:
        name: the kind of cell, `normal` or `reduction`.
        architecture: the architecture of a network of cells.
    """
    return {
        site.removeprefix(f"{name}_"): choice.candidate
        for site, choice in architecture.sites.items()
        if site.startswith(f"{name}_node")
    }


def _check_cells(
    choices: Sequence[CellChoice], architecture: Architecture
) -> None:
    """Check that an architecture consists of valid cells.

    An edge always reads the node that its name says, so `reads` must be 0.
    """
    edges = [f"{choice.name}_{edge}" for choice in choices for edge in EDGES]
    unknown = set(architecture.sites) - set(edges)
    reads = any(site.reads for site in architecture.sites.values())
    if unknown or reads:
        raise ValueError(
            "Invalid value for `architecture`. Expected edges of cells, such "
            f"as {edges[-1]!r}, with reads of 0. Received: "
            f"{dict(architecture.sites)}."
        )
    for choice in choices:
        check_cell(find_cell(choice.name, architecture), choice.options)
