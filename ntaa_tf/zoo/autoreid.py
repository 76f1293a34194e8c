"""Auto-ReID's search network: the stages of a ResNet, built from cells."""

from typing import Any

import keras

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import same_padding
from ntaa_tf.image_size import Size
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cell_node import CELL_OPERATIONS
from ntaa_tf.layers.cell_node import CellNode
from ntaa_tf.layers.cells import NODES
from ntaa_tf.layers.cells import NONE
from ntaa_tf.layers.part_aware import PARTS
from ntaa_tf.layers.stock import project
from ntaa_tf.layers.stock import reduce_by_halves
from ntaa_tf.zoo.preprocessing import preprocess

NAME = "autoreid"
PREPROCESSING = "torch"
NATIVE_SIZE = 256, 128
MINIMUM_SIZE = 16
NORMAL, REDUCTION = KINDS = "normal", "reduction"
BLOCKS = 4
STEM_STRIDES = 2
SPACES = {
    "retrieval": (*CELL_OPERATIONS, NONE),
    "classification": (
        *(name for name in CELL_OPERATIONS if name != "part_aware"),
        NONE,
    ),
}


def build_autoreid(
    image_size: Size,
    search_space: str = "retrieval",
    channels: int = 32,
    cells_per_block: int = 2,
    seed: int = 0,
) -> keras.Model:
    """Build Auto-ReID's network with every operation on every cell edge.

    A 3×3 stem with stride 2 comes first, then four blocks of cells. The first
    cell of each block but the first one is a reduction cell: it halves height
    and width and doubles the channels. All other cells are normal cells. All
    cells of a kind share their logits.

    Args:
        image_size: height and width in pixels.
        search_space: "retrieval", or "classification", which lacks the
            part-aware module.
        channels: channels of the stem and of the nodes in the first block, an
            even number.
        cells_per_block: number of cells in each of the four blocks.
        seed: random seed of the initial logits.

    Returns:
        A functional model from raw RGB images (batch, height, width, 3), 0 to
        255, to the last feature map (batch, height / 16, width / 16,
        32 · channels), where height and width are rounded up.

    Raises:
        ValueError: if the image is too small for four blocks, or has too few
            rows for the part-aware module.

    Source: Quan et al., "Auto-ReID", 2019; Xing, "Neural Architecture Search
    for Domain Adaption", section 3.

    Example:
    >>> build_autoreid((64, 32), "classification", 4, 1).output.shape
    (None, 4, 2, 128)
    """
    operations = SPACES[search_space]
    _check_size(image_size, operations)
    images = keras.Input((*image_size, 3), name="images")
    normalized = preprocess(images, PREPROCESSING)
    coefficients = {
        name: CellChoice(operations, seed + index, name=name)(normalized)
        for index, name in enumerate(KINDS)
    }
    # A cell reads the outputs of the two cells before it. The stem stands for
    # both at the beginning.
    earlier = last = _add_stem(normalized, channels)
    for index in range(BLOCKS * cells_per_block):
        block, position = divmod(index, cells_per_block)
        reduces = block > 0 and position == 0
        kind = REDUCTION if reduces else NORMAL
        cell = _CellBuilder(
            f"cell{index}", kind, channels * 2**block, operations
        )
        earlier, last = last, cell.connect(coefficients[kind], earlier, last)
    return keras.Model(images, last, name=NAME)


def _add_stem(images: Any, channels: int) -> Any:
    x = keras.layers.Conv2D(
        channels, 3, STEM_STRIDES, "same", use_bias=False, name="stem"
    )(images)
    return keras.layers.BatchNormalization(name="stem_norm")(x)


class _CellBuilder:
    """Builder of one cell.

    Args:
        name: prefix of the names of the cell's layers.
        kind: "normal" or "reduction"; cells of a kind share their logits.
        channels: channels of each node.
        operations: names of the operations on each edge.
    """

    def __init__(
        self, name: str, kind: str, channels: int, operations: tuple[str, ...]
    ):
        self._name = name
        self._kind = kind
        self._channels = channels
        self._operations = operations
        self._strides = 2 if kind == REDUCTION else 1

    def connect(self, coefficients: Any, earlier: Any, last: Any) -> Any:
        """Apply the cell to the outputs of the two cells before it.

        Args:
            coefficients: mixing weights (edges, operations).
            earlier: output of the cell before the previous one.
            last: output of the previous cell.

        Returns:
            The concatenated nodes, (batch, height, width, nodes · channels).
        """
        inputs = [
            self._match_size(earlier, last, f"{self._name}_input0"),
            project(last, self._channels, f"{self._name}_input1"),
        ]
        states = list(inputs)
        for node in range(NODES):
            layer = CellNode(
                [
                    self._find_geometry(state, is_input=index < len(inputs))
                    for index, state in enumerate(states)
                ],
                self._operations,
                kind=self._kind,
                node=node,
                name=f"{self._name}_node{node}",
            )
            states.append(layer([coefficients, *states]))
        joined = keras.layers.Concatenate(name=self._name)
        return joined(states[len(inputs) :])

    def _match_size(self, earlier: Any, last: Any, name: str) -> Any:
        """Project `earlier` to the cell's channels and the size of `last`."""
        if earlier.shape[1:3] == last.shape[1:3]:
            return project(earlier, self._channels, name)
        return reduce_by_halves(earlier, self._channels, name)

    def _find_geometry(self, state: Any, is_input: bool) -> Geometry:
        """Return the geometry of a 3×3 convolution that reads a state."""
        # Inner nodes of a reduction cell are halved already.
        strides = self._strides if is_input else 1
        height, width = state.shape[1:3]
        return Geometry(
            kind="dense",
            kernel_size=(3, 3),
            strides=(strides, strides),
            dilation=(1, 1),
            padding=(
                same_padding(height, 3, strides),
                same_padding(width, 3, strides),
            ),
            input_size=(height, width),
            in_channels=self._channels,
            out_channels=self._channels,
        )


def _check_size(image_size: Size, operations: tuple[str, ...]) -> None:
    """Raise a ValueError if the image is too small for the network."""
    height, width = image_size
    if min(image_size) < MINIMUM_SIZE:
        raise ValueError(
            f"Invalid value for `image_size`: {height}x{width} is too small "
            f"for {NAME!r}. Use at least {MINIMUM_SIZE} pixels for each side."
        )
    # Each halving rounds up, so the last feature map has
    # ceil(height / reduction) rows. It needs a row for each part.
    reduction = STEM_STRIDES * 2 ** (BLOCKS - 1)
    least = (PARTS - 1) * reduction + 1
    if "part_aware" in operations and height < least:
        raise ValueError(
            f"Invalid value for `image_size`: {height} rows are too few for "
            f"the part-aware module. Use at least {least} rows, or leave the "
            "module out with --search_space=classification."
        )
