"""The part-aware module of Auto-ReID: stripes of a map that see each other."""

import itertools
from typing import Any

import keras
from keras import layers

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.stock import StockCandidate
from ntaa_tf.layers.stock import convolve_pointwise
from ntaa_tf.layers.stock import normalize
from ntaa_tf.layers.stock import reduce_by_halves

PARTS = 4
# Of the channels of the input, a part is described by this share.
REDUCTION = 3


@keras.saving.register_keras_serializable(package="ntaa_tf")
class PartAware(StockCandidate):
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

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers."""
        attended = _attend(_describe(images, self.parts, name), name)
        height, width = self.geometry.input_size
        rows = cut_rows(height, self.parts)
        spread = _spread(attended, rows, width, name)
        joined = layers.Concatenate(name=f"{name}_joined")([images, spread])
        filters = self.geometry.out_channels
        if self.geometry.strides != (1, 1):
            return reduce_by_halves(joined, filters, name)
        projected = convolve_pointwise(joined, filters, f"{name}_conv")
        return normalize(projected, f"{name}_norm")

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {**super().get_config(), "parts": self.parts}


def cut_rows(height: int, parts: int) -> list[int]:
    """Give where parts begin, and where the last one ends.

    Example:
    >>> cut_rows(10, 4)
    [0, 2, 5, 7, 10]
    """
    return [part * height // parts for part in range(parts + 1)]


def _describe(images: Any, parts: int, name: str) -> Any:
    """Give P: (batch, parts, channels // 3)."""
    size = images.shape[-1] // REDUCTION
    pooled = layers.ReLU(name=f"{name}_relu_parts")(_pool(images, parts, name))
    projected = layers.EinsumDense(
        "apc,pcd->apd", (parts, size), bias_axes="pd", name=f"{name}_projection"
    )(pooled)
    # One batch norm for the channels of all parts, each of its own.
    flat = layers.Reshape((parts * size,), name=f"{name}_flat")(projected)
    normalized = normalize(flat, f"{name}_norm_parts")
    return layers.Reshape((parts, size), name=f"{name}_parts")(normalized)


def _pool(images: Any, parts: int, name: str) -> Any:
    """Give the mean of each part: (batch, parts, channels)."""
    height, width, channels = images.shape[1:]
    if height % parts == 0:
        window = height // parts, width
        pooling = layers.AveragePooling2D(window, name=f"{name}_means")
        shape = layers.Reshape((parts, channels), name=f"{name}_means_flat")
        return shape(pooling(images))
    means = []
    rows = cut_rows(height, parts)
    for part, (top, bottom) in enumerate(itertools.pairwise(rows)):
        own = f"{name}_part{part}"
        cropped = layers.Cropping2D(
            ((top, height - bottom), (0, 0)), name=f"{own}_rows"
        )(images)
        mean = layers.GlobalAveragePooling2D(name=f"{own}_mean")(cropped)
        means.append(layers.Reshape((1, channels), name=own)(mean))
    return layers.Concatenate(axis=1, name=f"{name}_means")(means)


def _attend(described: Any, name: str) -> Any:
    """Give Z = softmax(K·Qᵀ)·P."""
    size = described.shape[-1]
    keys = layers.Dense(size, name=f"{name}_keys")(described)
    queries = layers.Dense(size, name=f"{name}_queries")(described)
    scores = layers.Dot(axes=(2, 2), name=f"{name}_scores")([keys, queries])
    attention = layers.Softmax(name=f"{name}_attention")(scores)
    attended = layers.Dot(axes=(2, 1), name=f"{name}_attended")
    return attended([attention, described])


def _spread(attended: Any, rows: list[int], width: int, name: str) -> Any:
    """Give every row and column what was found for its part."""
    parts, size = attended.shape[1:]
    heights = [bottom - top for top, bottom in itertools.pairwise(rows)]
    if len(set(heights)) == 1:
        pixels = layers.Reshape((parts, 1, size), name=f"{name}_pixels")
        large = layers.UpSampling2D((heights[0], width), name=f"{name}_spread")
        return large(pixels(attended))
    spread = []
    for part, height in enumerate(heights):
        own = f"{name}_spread{part}"
        one = layers.Cropping1D(
            (part, parts - 1 - part), name=f"{own}_attended"
        )(attended)
        pixel = layers.Reshape((1, 1, size), name=f"{own}_pixel")(one)
        large = layers.UpSampling2D((height, width), name=own)(pixel)
        spread.append(large)
    return layers.Concatenate(axis=1, name=f"{name}_spread")(spread)
