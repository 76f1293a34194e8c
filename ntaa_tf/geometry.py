"""The geometry of a convolution: plain data that graphs and layers share."""

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

Pair = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """What a convolution does to the shape of an image.

    Args:
        kind: `dense`, `pointwise` (a dense 1×1 kernel) or `depthwise`.
        kernel_size: height and width of the kernel, in taps.
        strides: pixels between two outputs.
        dilation: pixels between two taps.
        padding: zeros added at (top, bottom) and (left, right), those of
            preceding ZeroPadding2D layers included.
        input_size: height and width in pixels, before any padding.
        in_channels: channels read.
        out_channels: channels written.
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
        """Pixels that the dilated kernel spans."""
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
        """The input pixel on which the first output is centred."""
        top, left = (
            (extent - 1) // 2 - self.padding[axis][0]
            for axis, extent in enumerate(self.extent)
        )
        return top, left

    @property
    def summary(self) -> str:
        """What the convolution is called, such as `conv3x3 /2`."""
        kind = "depthwise" if self.kind == "depthwise" else "conv"
        if max(self.dilation) > 1:
            kind = f"dilated {kind}"
        strides = f" /{max(self.strides)}" if max(self.strides) > 1 else ""
        height, width = self.kernel_size
        return f"{kind}{height}x{width}{strides}"

    @property
    def reduces(self) -> bool:
        """Whether fewer channels are written than read."""
        return self.out_channels < self.in_channels

    @property
    def reach(self) -> Pair:
        """Pixels by which a kernel can be from its centre and touch the image.

        On an image smaller than a kernel the taps beyond this only ever meet
        zeros.
        """
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
        """The geometry of a depthwise convolution of this one's outputs."""
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
        """Give the part of a centred extent that can touch the image.

        Args:
            extent: pixels that a kernel spans, odd in both axes.
        """
        height, width = (
            min(pixels, 2 * reach + 1)
            for pixels, reach in zip(extent, self.reach, strict=True)
        )
        return height, width

    def padding_for(self, extent: Pair) -> tuple[Pair, Pair]:
        """Give the padding that keeps another kernel on this sampling grid.

        Args:
            extent: pixels that the other kernel spans, odd in both axes.

        Returns:
            Zeros to add at (top, bottom) and (left, right) so that its
            outputs are centred on the same input pixels; a negative number
            is pixels to cut off.
        """
        vertical, horizontal = (
            self._pad_axis(axis, pixels) for axis, pixels in enumerate(extent)
        )
        return vertical, horizontal

    def is_same(self, extent: Pair) -> bool:
        """Whether Keras's `same` padding gives `padding_for(extent)`."""
        return all(
            self.padding_for(extent)[axis]
            == same_padding(self.input_size[axis], pixels, self.strides[axis])
            for axis, pixels in enumerate(extent)
        )

    def get_config(self) -> dict[str, Any]:
        """Give the fields as a dictionary that JSON can hold."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "Geometry":
        """Read a geometry back; JSON's lists become tuples."""
        return cls(**{name: _freeze(value) for name, value in config.items()})

    def _pad_axis(self, axis: int, extent: int) -> Pair:
        before = (extent - 1) // 2 - self.offset[axis]
        last_start = (self.output_size[axis] - 1) * self.strides[axis]
        after = last_start + extent - self.input_size[axis] - before
        if -self.strides[axis] < after < 0:
            after = 0  # Strides step over these pixels anyway.
        return before, after


def span(kernel_size: Pair, dilation: Pair) -> Pair:
    """Give the pixels that a dilated kernel spans."""
    height, width = (
        step * (taps - 1) + 1
        for taps, step in zip(kernel_size, dilation, strict=True)
    )
    return height, width


def as_pair(sizes: Iterable[int]) -> Pair:
    """Give two sizes as a tuple, also where JSON made them a list."""
    height, width = sizes
    return height, width


def same_padding(size: int, extent: int, stride: int) -> Pair:
    """Give the zeros before and after an axis under `same` padding."""
    outputs = -(-size // stride)
    total = max((outputs - 1) * stride + extent - size, 0)
    return total // 2, total - total // 2


def _freeze(value: Any) -> Any:
    if isinstance(value, list | tuple):
        return tuple(_freeze(item) for item in value)
    return value
