"""Arithmetic of convolution kernels: dilate, pad, merge, inherit.

A tap is one position of a kernel. All kernels here have odd heights and
widths, and all operations keep the centre tap in the centre.
"""

import math
from typing import Any

import numpy as np
from keras import ops

from ntaa_tf.geometry import Pair
from ntaa_tf.geometry import span


def dilate_kernel(kernel: Any, dilation: Pair) -> Any:
    """Insert zeros between the taps of a kernel.

    Args:
        kernel: (height, width, input channels, output channels).
        dilation: distance of two taps in the result, in pixels.

    Returns:
        A kernel whose undilated convolution equals the dilated convolution
        with `kernel`.
    """
    if dilation == (1, 1):
        return kernel
    height, width, *channels = kernel.shape
    # Reshape (h, w) to (h, 1, w, 1), pad the new axes from 1 to the dilation
    # d, and flatten to (h · d, w · d): every tap is followed by d - 1 zeros.
    # The zeros behind the last tap are cut at the end.
    apart = [(0, 0), (0, dilation[0] - 1), (0, 0), (0, dilation[1] - 1)]
    kernel = ops.reshape(kernel, (height, 1, width, 1, *channels))
    kernel = ops.pad(kernel, [*apart, (0, 0), (0, 0)])
    spread = height * dilation[0], width * dilation[1]
    kernel = ops.reshape(kernel, (*spread, *channels))
    height, width = span((height, width), dilation)
    return kernel[:height, :width]


def fit_kernel(kernel: Any, extent: Pair) -> Any:
    """Pad a kernel with zeros, or crop it, around its centre.

    Args:
        kernel: (height, width, input channels, output channels).
        extent: height and width of the result, both odd.
    """
    height, width = (
        (wanted - given) // 2
        for wanted, given in zip(extent, kernel.shape[:2], strict=True)
    )
    # One axis may grow while the other shrinks: 3×3 to 1×5.
    cut = max(0, -height), max(0, -width)
    if cut != (0, 0):
        below, right = (kernel.shape[axis] - cut[axis] for axis in (0, 1))
        kernel = kernel[cut[0] : below, cut[1] : right]
    around = max(0, height), max(0, width)
    if around == (0, 0):
        return kernel
    return ops.pad(kernel, [(size, size) for size in around] + [(0, 0)] * 2)


def merge_kernels(weighted: list[tuple[Any, Any]], extent: Pair) -> Any:
    """Compute the weighted sum of kernels around a common centre.

    Convolution is linear in its kernel, so convolving with the sum equals the
    weighted sum of the convolutions.

    Args:
        weighted: pairs of a scalar weight and a kernel (height, width, input
            channels, output channels). Heights and widths are odd and may
            differ; channel dimensions of 1 broadcast.
        extent: height and width of the result. Taps outside are dropped.
    """
    merged = None
    # Ascending order pads the running sum of the small kernels, once for each
    # size, instead of every small kernel to the full extent.
    for weight, kernel in sorted(
        weighted, key=lambda pair: math.prod(pair[1].shape[:2])
    ):
        scaled = weight * fit_kernel(kernel, _intersect(kernel.shape, extent))
        if merged is not None:
            common = _enclose(merged.shape, scaled.shape)
            scaled = fit_kernel(merged, common) + fit_kernel(scaled, common)
        merged = scaled
    return fit_kernel(merged, extent)


def inherit_kernel(
    source: np.ndarray, source_dilation: Pair, kernel_size: Pair, dilation: Pair
) -> np.ndarray:
    """Initialise a candidate's kernel from the source's kernel.

    Both kernels are centred on the same pixel. Taps on a common pixel are
    copied, taps that only the candidate has are zero, and taps that only the
    source has are lost.

    Args:
        source: (height, width, input channels, output channels).
        source_dilation: distance of two taps of the source, in pixels.
        kernel_size: height and width of the candidate, in taps.
        dilation: distance of two taps of the candidate, in pixels.
    """
    inherited = np.zeros((*kernel_size, *source.shape[2:]), source.dtype)
    # Rows and columns match independently, as a tap's pixel is the pair of
    # its row and its column.
    rows, columns = (
        _match_taps(source.shape[axis], source_dilation[axis], taps, step)
        for axis, (taps, step) in enumerate(
            zip(kernel_size, dilation, strict=True)
        )
    )
    for row, source_row in rows:
        for column, source_column in columns:
            inherited[row, column] = source[source_row, source_column]
    return inherited


def keeps_kernel(
    source_size: Pair, source_dilation: Pair, kernel_size: Pair, dilation: Pair
) -> bool:
    """Return whether a candidate has a tap on every tap of the source.

    Such a candidate computes the source's convolution once it has inherited
    the source's kernel.

    Args:
        source_size: height and width of the source, in taps.
        source_dilation: distance of two taps of the source, in pixels.
        kernel_size: height and width of the candidate, in taps.
        dilation: distance of two taps of the candidate, in pixels.

    Example:
    >>> keeps_kernel((3, 3), (1, 1), (5, 5), (1, 1))
    True
    >>> keeps_kernel((3, 3), (1, 1), (3, 3), (2, 2))
    False
    """
    return all(
        len(_match_taps(taps, *others)) == taps
        for taps, *others in zip(
            source_size, source_dilation, kernel_size, dilation, strict=True
        )
    )


def _match_taps(
    source_taps: int, source_dilation: int, taps: int, dilation: int
) -> list[tuple[int, int]]:
    """Pair the taps of candidate and source that lie on the same pixel.

    Returns:
        Pairs of the candidate's and the source's index along one axis.
    """
    # Tap t of n lies (t - n // 2) · dilation pixels from the centre.
    pixels = {
        (tap - source_taps // 2) * source_dilation: tap
        for tap in range(source_taps)
    }
    return [
        (tap, pixels[(tap - taps // 2) * dilation])
        for tap in range(taps)
        if (tap - taps // 2) * dilation in pixels
    ]


def _intersect(shape: tuple[int, ...], extent: Pair) -> Pair:
    return min(shape[0], extent[0]), min(shape[1], extent[1])


def _enclose(shape: tuple[int, ...], other: tuple[int, ...]) -> Pair:
    return max(shape[0], other[0]), max(shape[1], other[1])
