"""Depthwise convolution with a fast kernel gradient on CPUs."""

from typing import Any

import keras
from keras import ops

# oneDNN computes the kernel gradient of a depthwise convolution fast up to
# this width. A 5×5 kernel takes it five times as long.
WIDEST_FAST_KERNEL = 3


def convolve_each_channel(
    images: Any, kernel: Any, strides: tuple[int, int], padding: str
) -> Any:
    """Compute the same as `keras.ops.depthwise_conv`, with a faster gradient.

    Args:
        images: feature maps (batch, height, width, channels).
        kernel: (height, width, channels, 1).
        strides: vertical and horizontal distance of two outputs, in pixels.
        padding: `same` or `valid`.
    """
    slow = kernel.shape[1] > WIDEST_FAST_KERNEL and strides == (1, 1)
    if slow and keras.backend.backend() == "tensorflow":
        return _convolve_in_strips(images, kernel, padding)
    return ops.depthwise_conv(images, kernel, strides, padding)


def _convolve_in_strips(images: Any, kernel: Any, padding: str) -> Any:
    """Convolve; the backward pass takes the kernel gradient in strips."""
    from tensorflow import nn

    strides = (1, 1, 1, 1)

    def convolve(images: Any, kernel: Any) -> Any:
        def differentiate(upstream: Any) -> tuple[Any, Any]:
            gradient = nn.depthwise_conv2d_backprop_input(
                ops.shape(images), kernel, upstream, strides, padding.upper()
            )
            padded = images
            if padding == "same":
                around = [(k // 2, k // 2) for k in kernel.shape[:2]]
                padded = ops.pad(images, [(0, 0), *around, (0, 0)])
            return gradient, _differentiate_kernel(
                padded, tuple(kernel.shape), upstream
            )

        return (
            nn.depthwise_conv2d(images, kernel, strides, padding.upper()),
            differentiate,
        )

    return ops.custom_gradient(convolve)(images, kernel)


def _differentiate_kernel(
    padded: Any, shape: tuple[int, ...], upstream: Any
) -> Any:
    """Compute ∂L/∂kernel of a depthwise convolution at stride 1.

    Args:
        padded: feature maps X after padding, (batch, height, width, channels).
        shape: shape of the kernel, (height, width, channels, 1).
        upstream: U = ∂L/∂outputs, (batch, rows, columns, channels).
    """
    from tensorflow import nn

    # With images n and output pixels (y, x), for each channel,
    #     ∂L/∂K[i, j] = Σ_n Σ_y Σ_x X[n, y + i, x + j] · U[n, y, x].
    # Column j of K reads the columns j to j + columns - 1 of X only. So the
    # columns left to left + strip - 1 of K have the gradient of a kernel of
    # width `strip`, on the columns left to left + strip + columns - 2 of X.
    height, width, channels, _ = shape
    strips = []
    for left in range(0, width, WIDEST_FAST_KERNEL):
        strip = min(WIDEST_FAST_KERNEL, width - left)
        right = left + upstream.shape[2] + strip - 1
        strips.append(
            nn.depthwise_conv2d_backprop_filter(
                padded[:, :, left:right],
                (height, strip, channels, 1),
                upstream,
                (1, 1, 1, 1),
                "VALID",
            )
        )
    return ops.concatenate(strips, axis=1)
