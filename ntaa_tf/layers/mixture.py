"""The mixture at a site: few convolutions that compute all candidates."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.layers import grid
from ntaa_tf.layers.candidates import Candidate
from ntaa_tf.layers.candidates import Convolution
from ntaa_tf.layers.channels import channel_matrix
from ntaa_tf.layers.kernels import fit_kernel
from ntaa_tf.layers.kernels import merge_kernels
from ntaa_tf.layers.separable import SeparableConvolution
from ntaa_tf.layers.weight_free import WeightFree

CONVOLUTION_CANDIDATES = (Convolution, SeparableConvolution)

# Coefficients, and the candidates that they are of.
Weighted = list[tuple[Any, Any]]


@dataclass(frozen=True)
class Mixture:
    """The candidates of a site, each with its coefficient.

    All that is linear in the image is merged into one kernel, as
    Σ c_t · (K_t * x) = (Σ c_t · K_t) * x: one convolution, whatever the number
    of linear candidates. Pooling by maximum, globalisation and noise are
    added beside it. Where separable candidates share a pointwise kernel, the
    merged kernel is depthwise, before that one, or behind it.

    Args:
        geometry: of the source's convolution.
        candidates: its own first.
        coefficients: one scalar each.
        shares_pointwise: whether all convolutions but the source's are
            separable, and share its pointwise kernel.
        dtype: that images have.

    Source: NTAA, equation 12.
    """

    geometry: Geometry
    candidates: Sequence[Candidate]
    coefficients: Sequence[Any]
    shares_pointwise: bool
    dtype: str

    def mix(self, images: Any, training: bool) -> Any:
        """Compute y = Σ c_t · o_t(x).

        Args:
            images: (batch, height, width, channels).
            training: whether the model trains; noise is for training only.
        """
        outputs = self._convolve(images)
        beside = self._merge_biases(), self._mix_beside(images, training)
        return sum((part for part in beside if part is not None), outputs)

    def mix_literally(self, images: Any, training: bool) -> Any:
        """Compute the same, candidate by candidate."""
        return sum(
            weight * candidate(images, training=training)
            for weight, candidate in (*self._convolutions, *self._weight_free)
        )

    @property
    def _convolutions(self) -> Weighted:
        return self._select(CONVOLUTION_CANDIDATES)

    @property
    def _weight_free(self) -> Weighted:
        return self._select(WeightFree)

    def _select(self, kind: Any) -> Weighted:
        pairs = zip(self.coefficients, self.candidates, strict=True)
        return [pair for pair in pairs if isinstance(pair[1], kind)]

    @property
    def _extent(self) -> Pair:
        return find_extent(
            self.geometry, self.candidates, self.shares_pointwise
        )

    def _convolve(self, images: Any) -> Any:
        """Convolve with everything linear, merged into one kernel."""
        if self.shares_pointwise:
            return self._convolve_separable(images)
        kernels = [
            (weight, candidate.spread_kernel())
            for weight, candidate in self._convolutions
        ]
        window = _merge_windows(self._weight_free)
        if window is not None:
            kernels.append((1.0, window * self._channel_matrix()))
        kernel = merge_kernels(kernels, self._extent)
        depthwise = self.geometry.kind == "depthwise"
        convolve = grid.convolve_depthwise if depthwise else grid.convolve
        return convolve(images, ops.cast(kernel, self.dtype), self.geometry)

    def _convolve_separable(self, images: Any) -> Any:
        """Convolve with a merged depthwise kernel and the pointwise one."""
        kernels = [
            (weight, candidate.spread_depthwise())
            for weight, candidate in self._convolutions
        ]
        depthwise = merge_kernels(kernels, self._extent)
        pointwise = self._convolutions[0][1].kernel
        return grid.convolve_separable(
            images,
            ops.cast(depthwise, self.dtype),
            ops.cast(pointwise, self.dtype),
            self.geometry,
            depthwise_last=self.geometry.reduces,
        )

    def _channel_matrix(self) -> np.ndarray:
        """Give what a window is multiplied by to become a kernel."""
        if self.geometry.kind == "depthwise":
            return np.ones((1, 1), "float32")
        return channel_matrix(
            self.geometry.in_channels, self.geometry.out_channels
        )

    def _merge_biases(self) -> Any:
        biases = [
            weight * candidate.bias
            for weight, candidate in self._convolutions
            if candidate.bias is not None
        ]
        return ops.cast(sum(biases), self.dtype) if biases else None

    def _mix_beside(self, images: Any, training: bool) -> Any:
        """Mix what no kernel holds, on the smaller of the channel counts."""
        weight_free = self._weight_free
        window = _merge_windows(weight_free) if self.shares_pointwise else None
        parts = [pair for pair in weight_free if pair[1].has_residue]
        if not parts and window is None:
            return None
        adapter = weight_free[0][1]
        images = adapter.reduce(images)
        mixed = [
            candidate.weigh_residue(
                images, ops.cast(weight, self.dtype), training
            )
            for weight, candidate in parts
        ]
        if window is not None:
            mixed.append(self._convolve_window(images, window))
        return adapter.expand(sum(mixed[1:], mixed[0]))

    def _convolve_window(self, images: Any, window: Any) -> Any:
        """Apply the merged windows of the weight-free, channel by channel."""
        kernel = ops.tile(window, (1, 1, images.shape[-1], 1))
        kernel = fit_kernel(kernel, self.geometry.crop(kernel.shape[:2]))
        kernel = ops.cast(kernel, self.dtype)
        return grid.convolve_depthwise(images, kernel, self.geometry)


def find_extent(
    geometry: Geometry, candidates: Sequence[Candidate], shares_pointwise: bool
) -> Pair:
    """Give the pixels that the merged kernel of a site spans.

    Args:
        geometry: of the source's convolution.
        candidates: of the site.
        shares_pointwise: see `Mixture`.
    """
    extents = [
        candidate.extent
        for candidate in candidates
        if isinstance(candidate, CONVOLUTION_CANDIDATES)
        or (
            isinstance(candidate, WeightFree)
            and candidate.window is not None
            and not shares_pointwise
        )
    ]
    height, width = (max(sizes) for sizes in zip(*extents, strict=True))
    last = shares_pointwise and geometry.reduces
    return (geometry.behind if last else geometry).crop((height, width))


def _merge_windows(weight_free: Weighted) -> Any:
    """Merge the linear parts of the weight-free, or give None."""
    windows = [
        (weight, candidate.window[..., None, None])
        for weight, candidate in weight_free
        if candidate.window is not None
    ]
    if not windows:
        return None
    heights, widths, *_ = zip(*(w.shape for _, w in windows), strict=True)
    return merge_kernels(windows, (max(heights), max(widths)))
