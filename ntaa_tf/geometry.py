"""Geometry of a convolution: plain data that graphs and layers share.

The sampling grid of a convolution is the set of input pixels on which its
outputs are centred. Every candidate of a site uses the grid of the source's
convolution, whatever the size of its own kernel.
"""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """Sizes, strides and padding of one convolution, with its sampling grid.

    Args:
        kind: `dense`, `pointwise` (a dense 1×1 kernel) or `depthwise`.
        kernel_size: height and width of the kernel, in taps.
        strides: vertical and horizontal distance of two outputs, in pixels.
        dilation: vertical and horizontal distance of two taps, in pixels.
        padding: rows of zeros at (top, bottom) and columns of zeros at
            (left, right). Includes preceding ZeroPadding2D layers.
        input_size: height and width of the input in pixels, before padding.
        in_channels: number of input channels.
        out_channels: number of output channels.

    Example:
    >>> geometry = Geometry(
    ...     kind="dense",
    ...     kernel_size=(3, 3),
    ...     strides=(2, 2),
    ...     dilation=(1, 1),
    ...     padding=((0, 1), (0, 1)),
    ...     input_size=(8, 8),
    ...     in_channels=3,
    ...     out_channels=4,
    ... )
    >>> geometry.summary, geometry.output_size, geometry.offset
    ('conv3x3 /2', (4, 4), (1, 1))
    >>> geometry.padding_for((5, 5))
    ((1, 2), (1, 2))
    """

    kind: str
    kernel_size: Pair
    strides: Pair
    dilation: Pair
    padding: tuple[Pair, Pair]
    input_size: Pair
    in_channels: int
    out_channels: int

    @property
    def extent(self) -> Pair:
        """Height and width of the dilated kernel, in pixels."""
        return span(self.kernel_size, self.dilation)

    @property
    def output_size(self) -> Pair:
        """Height and width of the output, in pixels."""
        height, width = (
            (self.input_size[axis] + sum(self.padding[axis]) - extent)
            // self.strides[axis]
            + 1
            for axis, extent in enumerate(self.extent)
        )
        return height, width

    @property
    def offset(self) -> Pair:
        """Row and column of the input pixel at the first output's centre."""
        top, left = (
            (extent - 1) // 2 - self.padding[axis][0]
            for axis, extent in enumerate(self.extent)
        )
        return top, left

    @property
    def summary(self) -> str:
        """Short name of the convolution, such as `conv3x3 /2`."""
        kind = "depthwise" if self.kind == "depthwise" else "conv"
        if max(self.dilation) > 1:
            kind = f"dilated {kind}"
        strides = f" /{max(self.strides)}" if max(self.strides) > 1 else ""
        height, width = self.kernel_size
        return f"{kind}{height}x{width}{strides}"

    @property
    def reduces(self) -> bool:
        """Whether the convolution has fewer output than input channels."""
        return self.out_channels < self.in_channels

    @property
    def reach(self) -> Pair:
        """Largest distance from the centre at which a tap can touch the image.

        A tap farther away lies in the padding for every output, so it never
        changes one. This happens on images smaller than the kernel.
        """
        # Upwards, the farthest pixel is the first one, seen from the last
        # output's centre: (n - 1) · stride + offset - 0. Downwards, it is the
        # last one, seen from the first output's centre: size - 1 - offset.
        vertical, horizontal = (
            max(
                (self.output_size[axis] - 1) * self.strides[axis]
                + self.offset[axis],
                self.input_size[axis] - 1 - self.offset[axis],
            )
            for axis in (0, 1)
        )
        return vertical, horizontal

    @property
    def behind(self) -> "Geometry":
        """Geometry of a 1×1 depthwise convolution applied to the outputs."""
        return Geometry(
            kind="depthwise",
            kernel_size=(1, 1),
            strides=(1, 1),
            dilation=(1, 1),
            padding=((0, 0), (0, 0)),
            input_size=self.output_size,
            in_channels=self.out_channels,
            out_channels=self.out_channels,
        )

    def crop(self, extent: Pair) -> Pair:
        """Limit a kernel's extent to the taps that can touch the image.

        Args:
            extent: height and width of a kernel in pixels, both odd.
        """
        height, width = (
            min(pixels, 2 * reach + 1)
            for pixels, reach in zip(extent, self.reach, strict=True)
        )
        return height, width

    def padding_for(self, extent: Pair) -> tuple[Pair, Pair]:
        """Compute the padding that puts another kernel on this sampling grid.

        Args:
            extent: height and width of the other kernel in pixels, both odd.

        Returns:
            Zeros to add at (top, bottom) and (left, right). A negative number
            means pixels to crop.
        """
        vertical, horizontal = (
            self._pad_axis(axis, pixels) for axis, pixels in enumerate(extent)
        )
        return vertical, horizontal

    def is_same(self, extent: Pair) -> bool:
        """Return whether `padding_for(extent)` is Keras's `same` padding."""
        return all(
            self.padding_for(extent)[axis]
            == same_padding(self.input_size[axis], pixels, self.strides[axis])
            for axis, pixels in enumerate(extent)
        )

    def get_config(self) -> dict[str, Any]:
        """Return the fields as a dictionary for JSON."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Geometry":
        """Build a geometry from `get_config`; lists from JSON become tuples."""
        return cls(**{name: _freeze(value) for name, value in config.items()})

    def _pad_axis(self, axis: int, extent: int) -> Pair:
        # Output i is centred on pixel i · stride + offset, and the first window
        # begins (extent - 1) / 2 pixels before its centre. Hence `before`. The
        # last window has to end inside the padded axis. Hence `after`.
        before = (extent - 1) // 2 - self.offset[axis]
        last_start = (self.output_size[axis] - 1) * self.strides[axis]
        after = last_start + extent - self.input_size[axis] - before
        if -self.strides[axis] < after < 0:
            # Fewer pixels than a stride are left behind the last window. They
            # make no further output, so cropping them is not needed.
            after = 0
        return before, after


def span(kernel_size: Pair, dilation: Pair) -> Pair:
    """Compute height and width of a dilated kernel, in pixels.

    Args:
        kernel_size: height and width, in taps.
        dilation: distance of two taps in each axis, in pixels.
    """
    height, width = (
        step * (taps - 1) + 1
        for taps, step in zip(kernel_size, dilation, strict=True)
    )
    return height, width


def as_pair(sizes: Iterable[int]) -> Pair:
    """Convert two sizes, such as a list from JSON, to a tuple."""
    height, width = sizes
    return height, width


def same_padding(size: int, extent: int, stride: int) -> Pair:
    """Compute the zeros before and after an axis under `same` padding.

    Args:
        size: length of the axis, in pixels.
        extent: length of the dilated kernel, in pixels.
        stride: distance of two outputs, in pixels.
    """
    # Keras puts the odd zero behind the axis: stride 2 on an even size pads
    # (0, 1), which centres a 3×3 kernel on the odd pixels.
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def _freeze(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    return value
