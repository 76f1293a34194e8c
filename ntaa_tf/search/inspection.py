"""Description of a search before it runs: its sites and its costs."""

from collections.abc import Sequence

import keras

from ntaa_tf.graph.channel_groups import list_channel_groups
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.select import FoundConvolution
from ntaa_tf.graph.select import explain_selection
from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.walk import list_calls
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cell_node import CellNode
from ntaa_tf.layers.cells import EDGES
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.layers.stock import StockCandidate
from ntaa_tf.search.supernet import Supernet

Row = tuple[str, str, str, str, str]


def describe_search(
    source: keras.Model,
    supernet: Supernet,
    batch_size: int,
    memory: Sequence[int],
) -> str:
    """Describe every convolution, and the costs of source and supernet.

    A dense layer on a feature map, as ConvNeXt has it, is listed as the
    equivalent 1×1 convolution. It is never a site.

    Args:
        source: the flat source model.
        supernet: the supernet of the source model.
        batch_size: number of images in a training batch.
        memory: the bytes that a training with this batch size takes, for the
            source model and for the supernet.

    Returns:
        Text of several lines. First a table of the convolutions with their
        candidates, or the reason why a convolution is no site; for a network
        of cells, the operations of each cell instead. Then the groups of
        channels, and the costs.
    """
    options = {choice.name: choice.options for choice in supernet.choices}
    rows = [("convolution", "kernel", "channels", "output", "candidates")]
    rows += _describe_layers(source, options)
    lines = _describe_cells(supernet) or _align(rows)
    groups = _align(_describe_groups(source))
    costs = _describe_costs(source, supernet, batch_size, memory)
    return "\n".join([*lines, "", *groups, "", *costs])


def _align(rows: Sequence[Sequence[str]]) -> list[str]:
    """Return a line for each row, with aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]


def _describe_groups(source: keras.Model) -> list[tuple[str, ...]]:
    """Return a row for each group of channels, behind a heading."""
    rows: list[tuple[str, ...]] = [
        ("channel group", "width", "made by", "read by", "can be cut")
    ]
    for group in list_channel_groups(source).values():
        counts = (group.width, len(group.makers), len(group.readers))
        pinned = f"no: {group.pinned}" if group.pinned else "yes"
        rows.append((group.name, *map(str, counts), pinned))
    return rows


def _describe_cells(supernet: Supernet) -> list[str]:
    """Return a line for each kind of cell, or none for other networks."""
    return [
        f"{choice.name}  {len(EDGES)} edges of {', '.join(choice.options)}"
        for choice in supernet.choices
        if isinstance(choice, CellChoice)
    ]


def _describe_layers(
    source: keras.Model, options: dict[str, tuple[str, ...]]
) -> list[Row]:
    """Return rows of convolutions and of dense layers on feature maps."""
    rows = {c.name: _describe(c, options) for c in find_convolutions(source)}
    rows |= _describe_dense(source)
    names = [layer.name for layer in source.layers]
    return [rows[name] for name in names if name in rows]


def _describe_dense(source: keras.Model) -> dict[str, Row]:
    """Return the row of each dense layer on a feature map, by its name."""
    rows = {}
    for call in list_calls(as_functional(source)):
        is_dense = isinstance(call.operation, keras.layers.Dense)
        if is_dense and len(call.output.shape) == 4:
            _, height, width, channels = call.output.shape
            rows[call.operation.name] = (
                call.operation.name,
                "1×1",
                f"{call.inputs[0].shape[-1]}→{channels}",
                f"{height}×{width}",
                "no site: dense layer",
            )
    return rows


def _describe(
    conv: FoundConvolution, options: dict[str, tuple[str, ...]]
) -> Row:
    """Return the row of a convolution."""
    height, width = conv.layer.kernel_size
    candidates = ", ".join(options.get(conv.name, ()))
    channels = output = ""
    if conv.geometry is not None:
        geometry = conv.geometry
        channels = f"{geometry.in_channels}→{geometry.out_channels}"
        output = "×".join(map(str, geometry.output_size))
    return (
        conv.name,
        f"{height}×{width}",
        channels,
        output,
        candidates or f"no site: {explain_selection(conv, set(options))}",
    )


def _describe_costs(
    source: keras.Model,
    supernet: Supernet,
    batch_size: int,
    memory: Sequence[int],
) -> list[str]:
    """Return the lines that compare the costs of source and supernet."""
    plain = measure_cost(source)
    sites = [c for c in supernet.choices if isinstance(c, MixedOp)]
    nodes = [node for node in supernet.layers if isinstance(node, CellNode)]
    # `measure_cost` knows stock layers only: mixed ops and nodes are added.
    mixed = measure_cost(supernet).macs
    mixed += sum(site.count_macs() for site in sites)
    mixed += sum(map(_count_macs, nodes))
    plain_memory, mixed_memory = (size / 2**20 for size in memory)
    edges = sum(len(node.geometries) for node in nodes)
    return [
        f"edges       {edges}" if nodes else f"sites       {len(sites)}",
        f"parameters  {plain.parameters:,} → {supernet.count_params():,}",
        f"MACs        {plain.macs:,} → {mixed:,}",
        f"memory      {plain_memory:,.0f} → {mixed_memory:,.0f} MiB at batch "
        f"{batch_size} (estimated)",
    ]


def _count_macs(node: CellNode) -> int:
    """Count the multiply-adds of all candidates of a node of a cell."""
    return sum(
        measure_cost(candidate.network).macs
        for candidate in node.candidates
        if isinstance(candidate, StockCandidate)
    )
