"""Auto-ReID's network: the stages of a ResNet, of cells to be searched."""

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


def build_cells(
    image_size: Size,
    search_space: str = "retrieval",
    channels: int = 32,
    cells_per_block: int = 2,
    seed: int = 0,
) -> keras.Model:
    """Build the network with all operations on every edge of its cells.

    A 3×3 stem with strides of 2, and four blocks of cells. The channels
    double, and rows and columns halve, in the first cell of each block but
    the first. All cells that reduce share logits, and all others do.

    Args:
        image_size: height and width in pixels.
        search_space: `retrieval`, or `classification` without the part-aware
            module.
        channels: of the stem and of a node in the first block, even.
        cells_per_block: of each of the four blocks.
        seed: of the logits.

    Returns:
        A functional model from raw RGB images (batch, height, width, 3), 0 to
        255, to a map of 32 times the channels.

    Raises:
        ValueError: if the last cell's maps are too small, or to have parts.

    Source: Quan et al., "Auto-ReID", 2019; Xing, "Neural Architecture Search
    for Domain Adaption", section 3.

    Example:
    >>> build_cells((64, 32), channels=6, cells_per_block=1).output.shape
    (None, 4, 2, 192)
    """
    operations = SPACES[search_space]
    _check_size(image_size, operations)
    images = keras.Input((*image_size, 3), name="images")
    normalized = preprocess(images, PREPROCESSING)
    coefficients = {
        name: CellChoice(operations, seed + index, name=name)(normalized)
        for index, name in enumerate(KINDS)
    }
    stem = keras.layers.Conv2D(
        channels, 3, STEM_STRIDES, "same", use_bias=False, name="stem"
    )(normalized)
    stem = keras.layers.BatchNormalization(name="stem_norm")(stem)
    earlier, last = stem, stem
    for index in range(BLOCKS * cells_per_block):
        block, position = divmod(index, cells_per_block)
        reduces = block > 0 and position == 0
        kind = REDUCTION if reduces else NORMAL
        cell = _CellBuilder(
            f"cell{index}", kind, channels * 2**block, operations
        )
        earlier, last = last, cell.connect(coefficients[kind], earlier, last)
    return keras.Model(images, last, name=NAME)


class _CellBuilder:
    """Builds a cell of a network.

    Args:
        name: begins the names of its nodes.
        kind: the name of the choice that it shares.
        channels: of each node.
        operations: of an edge.
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
        """Apply the cell to the outputs of the two cells before it."""
        inputs = [
            self._fit(earlier, last, f"{self._name}_input0"),
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

    def _fit(self, earlier: Any, last: Any, name: str) -> Any:
        """Bring what is two cells before to the size of the cell before."""
        if earlier.shape[1:3] == last.shape[1:3]:
            return project(earlier, self._channels, name)
        return reduce_by_halves(earlier, self._channels, name)

    def _find_geometry(self, state: Any, is_input: bool) -> Geometry:
        """Give the geometry of a 3×3 convolution of a state."""
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
    """Raise a ValueError unless every map has pixels, and rows for parts."""
    if min(image_size) < MINIMUM_SIZE:
        raise ValueError(
            f"Invalid value for `image_size`. Expected at least {MINIMUM_SIZE} "
            f"for {NAME!r}. Received: {image_size}."
        )
    halvings = STEM_STRIDES * 2 ** (BLOCKS - 1)
    least = (PARTS - 1) * halvings + 1
    if "part_aware" in operations and image_size[0] < least:
        raise ValueError(
            f"Invalid value for `image_size`. Expected at least {least} rows "
            f"with the part-aware module, or --search_space=classification "
            f"without it. Received: {image_size[0]}."
        )
