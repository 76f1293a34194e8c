"""The part-aware module of Auto-ReID: stripes of a map that see each other."""

from typing import Any

import keras
from keras import layers

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.candidates import Candidate

PARTS = 4
# Of the channels of the input, a part is described by this share.
REDUCTION = 3


@keras.saving.register_keras_serializable(package="ntaa_tf")
class PartAware(Candidate):
    """What attention across horizontal parts says, beside every row.

    Each of M parts is averaged and projected to h = C // 3 channels, P. With
    keys K = P·W_K + b and queries Q = P·W_Q + b, the rows of
    A = softmax(K·Qᵀ) weigh the parts for each other: Z = A·P. Z is spread
    over the rows and columns of its part, joined with the input, and a 1×1
    convolution with batch norm gives the output.

    Args:
        geometry: of a convolution on the same sampling grid, with strides of
            1, or of 2 for an even number of channels.
        parts: M, at most the rows of the input.

    Source: Quan et al., "Auto-ReID: Searching for a Part-aware ConvNet for
    Person Re-Identification", 2019, as its authors' code has it.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), (16, 8), 32, 32
    ... )
    >>> layer = PartAware(geometry)
    >>> layer(np.ones((2, 16, 8, 32))).shape
    TensorShape([2, 16, 8, 32])
    >>> sum(int(np.prod(v.shape)) for v in layer.trainable_variables)
    3028
    """

    def __init__(self, geometry: Geometry, parts: int = PARTS, **kwargs: Any):
        super().__init__(geometry, **kwargs)
        rows, channels = geometry.input_size[0], geometry.in_channels
        if not 1 <= parts <= rows or channels < REDUCTION:
            raise ValueError(
                "Invalid value for `parts`. Expected 1 to the rows of the map, "
                f"and {REDUCTION} channels at least. Received: {parts} parts "
                f"of {rows} rows with {channels} channels."
            )
        if geometry.strides not in ((1, 1), (2, 2)) or (
            geometry.out_channels % geometry.strides[0]
        ):
            raise ValueError(
                "Invalid value for `geometry`. Expected strides of 1, or of 2 "
                "with an even number of channels written. Received: strides of "
                f"{geometry.strides}, {geometry.out_channels} channels."
            )
        self.parts = parts

    def build(self, input_shape: tuple) -> None:
        """Make the stock layers that compute it."""
        self.network = build_part_aware(self.geometry, self.parts, self.name)

    def call(self, images: Any, training: bool = False) -> Any:
        """Compute it."""
        return self.network(images, training=training)

    def plain_layers(self, site: str) -> list[keras.Layer]:
        """Give a model of stock layers, with these weights."""
        plain = build_part_aware(self.geometry, self.parts, site)
        plain.set_weights(self.network.get_weights())
        return [plain]

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {**super().get_config(), "parts": self.parts}


def build_part_aware(geometry: Geometry, parts: int, name: str) -> keras.Model:
    """Build the module of stock layers.

    Args:
        geometry: of a convolution on the same sampling grid.
        parts: horizontal parts.
        name: of the model.
    """
    height, width = geometry.input_size
    inputs = keras.Input((height, width, geometry.in_channels))
    attended = _attend(_describe(inputs, parts))
    spread = _spread(attended, cut_rows(height, parts), width)
    joined = layers.Concatenate(name="joined")([inputs, spread])
    outputs = _project(joined, geometry.out_channels, geometry.strides[0])
    return keras.Model(inputs, outputs, name=name)


def cut_rows(height: int, parts: int) -> list[int]:
    """Give where parts begin, and where the last one ends.

    Example:
    >>> cut_rows(10, 4)
    [0, 2, 5, 7, 10]
    """
    return [part * height // parts for part in range(parts + 1)]


def _describe(inputs: Any, parts: int) -> Any:
    """Give P: (batch, parts, channels // 3)."""
    height, _, channels = inputs.shape[1:]
    size = channels // REDUCTION
    rows = cut_rows(height, parts)
    described = []
    for part in range(parts):
        cropped = layers.Cropping2D(
            ((rows[part], height - rows[part + 1]), (0, 0))
        )(inputs)
        pooled = layers.ReLU()(layers.GlobalAveragePooling2D()(cropped))
        projected = layers.Dense(size, name=f"part{part}")(pooled)
        normalized = layers.BatchNormalization()(projected)
        described.append(layers.Reshape((1, size))(normalized))
    return layers.Concatenate(axis=1, name="parts")(described)


def _attend(described: Any) -> Any:
    """Give Z = softmax(K·Qᵀ)·P."""
    size = described.shape[-1]
    keys = layers.Dense(size, name="keys")(described)
    queries = layers.Dense(size, name="queries")(described)
    scores = layers.Dot(axes=(2, 2))([keys, queries])
    attention = layers.Softmax(name="attention")(scores)
    return layers.Dot(axes=(2, 1), name="attended")([attention, described])


def _spread(attended: Any, rows: list[int], width: int) -> Any:
    """Give every row and column what was found for its part."""
    parts, size = attended.shape[1:]
    spread = []
    for part in range(parts):
        one = layers.Cropping1D((part, parts - 1 - part))(attended)
        pixel = layers.Reshape((1, 1, size))(one)
        height = rows[part + 1] - rows[part]
        spread.append(layers.UpSampling2D((height, width))(pixel))
    return layers.Concatenate(axis=1, name="spread")(spread)


def _project(joined: Any, filters: int, strides: int) -> Any:
    """Give the output; strides of 2 see both diagonals of 2×2 pixels."""
    if strides == 1:
        projected = layers.Conv2D(filters, 1, use_bias=False)(joined)
    else:
        joined = layers.ReLU()(joined)
        shifted = layers.ZeroPadding2D(((0, 1), (0, 1)))(
            layers.Cropping2D(((1, 0), (1, 0)))(joined)
        )
        projected = layers.Concatenate()(
            [
                layers.Conv2D(filters // 2, 1, strides=2, use_bias=False)(half)
                for half in (joined, shifted)
            ]
        )
    return layers.BatchNormalization()(projected)
