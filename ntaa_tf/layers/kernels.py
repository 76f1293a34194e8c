"""Putting the kernel of one convolution into that of another."""

import math
from typing import Any

import numpy as np
from keras import ops

from ntaa_tf.geometry import Pair
from ntaa_tf.geometry import span


def dilate_kernel(kernel: Any, dilation: Pair) -> Any:
    """Put zeros between the taps of a kernel.

    Args:
        kernel: (height, width, channels, channels).
        dilation: pixels between its taps.

    Returns:
        A kernel that, undilated, computes the same convolution.
    """
    if dilation == (1, 1):
        return kernel
    height, width, *channels = kernel.shape
    apart = [(0, 0), (0, dilation[0] - 1), (0, 0), (0, dilation[1] - 1)]
    kernel = ops.reshape(kernel, (height, 1, width, 1, *channels))
    kernel = ops.pad(kernel, [*apart, (0, 0), (0, 0)])
    spread = height * dilation[0], width * dilation[1]
    kernel = ops.reshape(kernel, (*spread, *channels))
    height, width = span((height, width), dilation)
    return kernel[:height, :width]


def fit_kernel(kernel: Any, extent: Pair) -> Any:
    """Put zeros around a kernel, or cut its border off.

    Args:
        kernel: (height, width, channels, channels).
        extent: height and width of the result, as odd as the kernel's.
    """
    height, width = (
        (wanted - given) // 2
        for wanted, given in zip(extent, kernel.shape[:2], strict=True)
    )
    cut = max(0, -height), max(0, -width)
    if cut != (0, 0):
        below, right = (kernel.shape[axis] - cut[axis] for axis in (0, 1))
        kernel = kernel[cut[0] : below, cut[1] : right]
    around = max(0, height), max(0, width)
    if around == (0, 0):
        return kernel
    return ops.pad(kernel, [(size, size) for size in around] + [(0, 0)] * 2)


def merge_kernels(weighted: list[tuple[Any, Any]], extent: Pair) -> Any:
    """Add up kernels around one centre, each times its weight.

    Args:
        weighted: weights, scalars, and kernels, (height, width, channels,
            channels) of any odd sizes; dimensions of 1 broadcast.
        extent: height and width of the result; what lies beyond is cut off.
    """
    merged = None
    # The smallest first: so only sums are padded, and those are small, too.
    for weight, kernel in sorted(
        weighted, key=lambda pair: math.prod(pair[1].shape[:2])
    ):
        scaled = weight * fit_kernel(kernel, _shrink(kernel.shape, extent))
        if merged is not None:
            common = _enclose(merged.shape, scaled.shape)
            scaled = fit_kernel(merged, common) + fit_kernel(scaled, common)
        merged = scaled
    return fit_kernel(merged, extent)


def inherit_kernel(
    source: np.ndarray, source_dilation: Pair, kernel_size: Pair, dilation: Pair
) -> np.ndarray:
    """Initialise a candidate's kernel from the source's around one centre.

    Taps that lie on the same pixel are copied; taps that the source lacks are
    zero, and taps that the candidate lacks are lost.

    Args:
        source: (height, width, channels, channels).
        source_dilation: pixels between the taps of the source.
        kernel_size: height and width of the candidate, in taps.
        dilation: pixels between the taps of the candidate.
    """
    inherited = np.zeros((*kernel_size, *source.shape[2:]), source.dtype)
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
    """Say whether a candidate has a tap for each of the source's.

    Args:
        source_size: height and width of the source, in taps.
        source_dilation: pixels between the taps of the source.
        kernel_size: height and width of the candidate, in taps.
        dilation: pixels between the taps of the candidate.

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
    """Pair a candidate's taps with the source's on the same pixel."""
    pixels = {
        (tap - source_taps // 2) * source_dilation: tap
        for tap in range(source_taps)
    }
    return [
        (tap, pixels[(tap - taps // 2) * dilation])
        for tap in range(taps)
        if (tap - taps // 2) * dilation in pixels
    ]


def _shrink(shape: tuple[int, ...], extent: Pair) -> Pair:
    return min(shape[0], extent[0]), min(shape[1], extent[1])


def _enclose(shape: tuple[int, ...], other: tuple[int, ...]) -> Pair:
    return max(shape[0], other[0]), max(shape[1], other[1])
