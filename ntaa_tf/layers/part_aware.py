"""Part-aware module of Auto-ReID: attention between horizontal stripes."""

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
# A part's descriptor has one third of the input channels.
REDUCTION = 3


@keras.saving.register_keras_serializable(package="ntaa_tf")
class PartAware(StockCandidate):
    """Attention between horizontal parts of the feature map.

    1. Cut the map into M parts of rows. Average each part, apply ReLU,
       project to h = C // 3 channels, and normalise. This gives one
       descriptor for each part, P, (M, h).
    2. With keys K = P·W_K + b and queries Q = P·W_Q + b, the attention is
       A = softmax(K·Qᵀ), (M, M), and the attended descriptors Z = A·P.
    3. Repeat each row of Z over the rows and columns of its part.
    4. Concatenate with the input, and apply a 1×1 convolution and batch norm.
       With strides of 2, `reduce_by_halves` takes their place.

    Args:
        geometry: geometry of a convolution on the same sampling grid. Its
            strides are 1, or 2 with an even number of output channels.
        parts: number of parts M, at most the number of input rows.

    Raises:
        ValueError: if the geometry does not allow this number of parts.

    Call arguments:
        images: feature maps.
        training: whether the model trains: mode of the batch norms.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: Quan et al., "Auto-ReID: Searching for a Part-aware ConvNet for
    Person Re-Identification", 2019, as its authors' code has it.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), (16, 8), 32, 32
    ... )
    >>> layer = PartAware(geometry)
    >>> print(layer(np.ones((2, 16, 8, 32))).shape)
    (2, 16, 8, 32)
    >>> sum(int(np.prod(v.shape)) for v in layer.trainable_variables)
    3028
    """

    def __init__(self, geometry: Geometry, parts: int = PARTS, **kwargs: Any):
        super().__init__(geometry, **kwargs)
        _check_sizes(geometry, parts)
        self.parts = parts

    def connect(
        self, images: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        """Apply the stock layers to symbolic feature maps."""
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
        """Return the configuration for `from_config`."""
        return {**super().get_config(), "parts": self.parts}


def _check_sizes(geometry: Geometry, parts: int) -> None:
    """Check that the feature map can be cut into parts and reduced.

    Raises:
        ValueError: if it has too few rows or channels, or other strides.
    """
    rows = geometry.input_size[0]
    if not 1 <= parts <= rows:
        raise ValueError(
            f"Invalid value for `parts`. Expected 1 to {rows}, the number of "
            f"rows of the feature map. Received: {parts}."
        )
    if geometry.in_channels < REDUCTION:
        raise ValueError(
            f"A part-aware module needs at least {REDUCTION} input channels. "
            f"Received: {geometry.in_channels}."
        )
    if geometry.strides not in ((1, 1), (2, 2)):
        raise ValueError(
            "A part-aware module needs strides of (1, 1) or (2, 2). "
            f"Received: {geometry.strides}."
        )
    # `reduce_by_halves` divides the output channels between two convolutions.
    if geometry.out_channels % geometry.strides[0]:
        raise ValueError(
            "A part-aware module with strides of 2 needs an even number of "
            f"output channels. Received: {geometry.out_channels}."
        )


def cut_rows(height: int, parts: int) -> list[int]:
    """Return the first row of each part, and the end of the last part.

    Args:
        height: number of rows.
        parts: number of parts. Their heights differ by one row at most.

    Example:
    >>> cut_rows(10, 4)
    [0, 2, 5, 7, 10]
    """
    return [part * height // parts for part in range(parts + 1)]


def _describe(images: Any, parts: int, name: str) -> Any:
    """Build the descriptors P, (batch, parts, channels // 3)."""
    size = images.shape[-1] // REDUCTION
    pooled = layers.ReLU(name=f"{name}_relu_parts")(_pool(images, parts, name))
    projected = layers.EinsumDense(
        "apc,pcd->apd", (parts, size), bias_axes="pd", name=f"{name}_projection"
    )(pooled)
    # Flattened, each channel of each part has its own batch statistics.
    flat = layers.Reshape((parts * size,), name=f"{name}_flat")(projected)
    normalized = normalize(flat, f"{name}_norm_parts")
    return layers.Reshape((parts, size), name=f"{name}_parts")(normalized)


def _pool(images: Any, parts: int, name: str) -> Any:
    """Build the mean of each part, (batch, parts, channels)."""
    height, width, channels = images.shape[1:]
    # Parts of equal height are one pooling layer. Others are cropped and
    # averaged one by one.
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
    """Build the attended descriptors Z = softmax(K·Qᵀ)·P."""
    size = described.shape[-1]
    keys = layers.Dense(size, name=f"{name}_keys")(described)
    queries = layers.Dense(size, name=f"{name}_queries")(described)
    # scores[i, j] = ⟨K_i, Q_j⟩. Softmax is over the last axis, j: row i holds
    # the weights of all parts for part i.
    scores = layers.Dot(axes=(2, 2), name=f"{name}_scores")([keys, queries])
    attention = layers.Softmax(name=f"{name}_attention")(scores)
    attended = layers.Dot(axes=(2, 1), name=f"{name}_attended")
    return attended([attention, described])


def _spread(attended: Any, rows: list[int], width: int, name: str) -> Any:
    """Repeat each attended descriptor over the pixels of its part."""
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
