"""Putting the kernel of one convolution into that of another."""

from typing import Any

import numpy as np
from keras import ops

from ntaa_tf.geometry import Pair
from ntaa_tf.geometry import span


def embed_kernel(kernel: Any, dilation: Pair, extent: Pair) -> Any:
    """Spread a dilated kernel's taps over a larger kernel with the same centre.

    Args:
        kernel: (height, width, channels, channels).
        dilation: pixels between its taps.
        extent: height and width of the result, at least the kernel's span.

    Returns:
        A kernel that, undilated, computes the same convolution.
    """
    height, width, *channels = kernel.shape
    if dilation != (1, 1):
        apart = [(0, 0), (0, dilation[0] - 1), (0, 0), (0, dilation[1] - 1)]
        kernel = ops.reshape(kernel, (height, 1, width, 1, *channels))
        kernel = ops.pad(kernel, [*apart, (0, 0), (0, 0)])
        spread = height * dilation[0], width * dilation[1]
        kernel = ops.reshape(kernel, (*spread, *channels))
        height, width = span((height, width), dilation)
        kernel = kernel[:height, :width]
    around = (extent[0] - height) // 2, (extent[1] - width) // 2
    if around == (0, 0):
        return kernel
    return ops.pad(kernel, [(size, size) for size in around] + [(0, 0)] * 2)


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
