"""Depthwise convolution at stride 1, and a gradient that is not slow."""

from typing import Any

import keras
from keras import ops

# oneDNN has fast code for the kernel's gradient up to this width; a 5×5 kernel
# takes it five times as long.
WIDEST_FAST_KERNEL = 3


def convolve_each_channel(
    images: Any, kernel: Any, strides: tuple[int, int], padding: str
) -> Any:
    """Convolve each channel by itself, as `keras.ops.depthwise_conv` does.

    Args:
        images: (batch, height, width, channels).
        kernel: (height, width, channels, 1).
        strides: pixels between two outputs.
        padding: `same` or `valid`.
    """
    slow = kernel.shape[1] > WIDEST_FAST_KERNEL and strides == (1, 1)
    if slow and keras.backend.backend() == "tensorflow":
        return _convolve(images, kernel, padding)
    return ops.depthwise_conv(images, kernel, strides, padding)


def _convolve(images: Any, kernel: Any, padding: str) -> Any:
    """Convolve, with the gradient of the kernel taken in narrow strips."""
    from tensorflow import nn

    height, width, channels, _ = kernel.shape
    strides = (1, 1, 1, 1)

    def convolve(images: Any, kernel: Any) -> Any:
        def differentiate(upstream: Any) -> tuple[Any, Any]:
            padded = images
            if padding == "same":
                around = [(0, 0), *((k // 2, k // 2) for k in (height, width))]
                padded = ops.pad(images, [*around, (0, 0)])
            strips = []
            for left in range(0, width, WIDEST_FAST_KERNEL):
                strip = min(WIDEST_FAST_KERNEL, width - left)
                right = left + upstream.shape[2] + strip - 1
                strips.append(
                    nn.depthwise_conv2d_backprop_filter(
                        padded[:, :, left:right],
                        (height, strip, channels, 1),
                        upstream,
                        strides,
                        "VALID",
                    )
                )
            gradient = nn.depthwise_conv2d_backprop_input(
                ops.shape(images), kernel, upstream, strides, padding.upper()
            )
            return gradient, ops.concatenate(strips, axis=1)

        return (
            nn.depthwise_conv2d(images, kernel, strides, padding.upper()),
            differentiate,
        )

    return ops.custom_gradient(convolve)(images, kernel)
