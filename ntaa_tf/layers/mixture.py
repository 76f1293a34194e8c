"""Weighted sum of the candidates of a site, computed by few convolutions."""

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

# Pairs of a coefficient and its candidate.
Weighted = list[tuple[Any, Any]]


@dataclass(frozen=True)
class Mixture:
    """Candidates of a site with their coefficients: y = Σ c_t · o_t(x).

    Candidates that are linear in x are merged into one kernel, because

        Σ c_t · (K_t ∗ x) = (Σ c_t · K_t) ∗ x.

    So one convolution computes all of them, whatever their number. Max
    pooling, globalization and noise are not linear; they are computed by
    themselves and added. If separable candidates share a pointwise kernel P,
    the depthwise kernels D_t are merged instead:

        Σ c_t · P ∗ (D_t ∗ x) = P ∗ ((Σ c_t · D_t) ∗ x),

    or with the depthwise convolution last where P reduces the channels.

    Args:
        geometry: geometry of the source's convolution.
        candidates: candidates, the source's convolution first.
        coefficients: one scalar for each candidate.
        shares_pointwise: whether all convolutions but the source's are
            separable and share its pointwise kernel.
        dtype: compute dtype of the feature maps.

    Source: NTAA, equation 14.
    """

    geometry: Geometry
    candidates: Sequence[Candidate]
    coefficients: Sequence[Any]
    shares_pointwise: bool
    dtype: str

    def mix(self, images: Any, training: bool) -> Any:
        """Compute the weighted sum with merged kernels.

        Args:
            images: feature maps (batch, height, width, input channels).
            training: whether the model trains; noise is zero otherwise.

        Returns:
            Feature maps (batch, rows, columns, output channels).
        """
        outputs = self._convolve(images)
        rest = self._merge_biases(), self._mix_unmerged(images, training)
        return sum((part for part in rest if part is not None), outputs)

    def mix_literally(self, images: Any, training: bool) -> Any:
        """Compute the weighted sum candidate by candidate, as a reference."""
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
        """Convolve with the merged kernel of the linear candidates."""
        if self.shares_pointwise:
            return self._convolve_separable(images)
        kernels = [
            (weight, candidate.spread_kernel())
            for weight, candidate in self._convolutions
        ]
        # A weight-free candidate slides one window over every channel and
        # adapts the channel count by a matrix A. As a dense kernel that is
        # K[i, j, c, o] = window[i, j] · A[c, o]. All share A, so the windows,
        # which are small, are merged first and multiplied by A once.
        window = _merge_windows(self._weight_free)
        if window is not None:
            kernels.append((1.0, window * self._channel_matrix()))
        kernel = merge_kernels(kernels, self._extent)
        depthwise = self.geometry.kind == "depthwise"
        convolve = grid.convolve_depthwise if depthwise else grid.convolve
        return convolve(images, ops.cast(kernel, self.dtype), self.geometry)

    def _convolve_separable(self, images: Any) -> Any:
        """Convolve with the merged depthwise and the shared pointwise kernel.

        Weight-free candidates don't use the pointwise kernel. Their windows
        can't be merged here; `_mix_unmerged` applies them.
        """
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
        """Return the matrix that makes a kernel of a window.

        At a depthwise site, the channel count stays: a factor of one.
        """
        if self.geometry.kind == "depthwise":
            return np.ones((1, 1), "float32")
        return channel_matrix(
            self.geometry.in_channels, self.geometry.out_channels
        )

    def _merge_biases(self) -> Any:
        """Return the weighted sum of the biases, or None without biases."""
        biases = [
            weight * candidate.bias
            for weight, candidate in self._convolutions
            if candidate.bias is not None
        ]
        return ops.cast(sum(biases), self.dtype) if biases else None

    def _mix_unmerged(self, images: Any, training: bool) -> Any:
        """Mix everything that is not in the merged kernel.

        That is the non-linear parts, and at sites with a shared pointwise
        kernel the windows as well.

        Returns:
            A tensor that broadcasts to the outputs, or None if all is merged.
        """
        weight_free = self._weight_free
        window = _merge_windows(weight_free) if self.shares_pointwise else None
        parts = [pair for pair in weight_free if pair[1].has_nonlinear]
        if not parts and window is None:
            return None
        # All weight-free candidates adapt channels alike, and the adapters are
        # linear. So the sum is adapted once, not each candidate.
        adapter = weight_free[0][1]
        images = adapter.reduce(images)
        mixed = [
            candidate.weigh_nonlinear(
                images, ops.cast(weight, self.dtype), training
            )
            for weight, candidate in parts
        ]
        if window is not None:
            mixed.append(self._slide_window(images, window))
        return adapter.expand(sum(mixed[1:], mixed[0]))

    def _slide_window(self, images: Any, window: Any) -> Any:
        """Convolve every channel with the merged window."""
        kernel = ops.tile(window, (1, 1, images.shape[-1], 1))
        kernel = fit_kernel(kernel, self.geometry.crop(kernel.shape[:2]))
        kernel = ops.cast(kernel, self.dtype)
        return grid.convolve_depthwise(images, kernel, self.geometry)


def find_extent(
    geometry: Geometry, candidates: Sequence[Candidate], shares_pointwise: bool
) -> Pair:
    """Find height and width of the merged kernel, in pixels.

    Args:
        geometry: geometry of the source's convolution.
        candidates: candidates of the site.
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
    # The largest kernel, less the taps that touch no pixel of a small image.
    # A depthwise convolution in the last place sees the outputs, which
    # strides have made smaller still.
    last = shares_pointwise and geometry.reduces
    return (geometry.behind if last else geometry).crop((height, width))


def _merge_windows(weight_free: Weighted) -> Any:
    """Merge the windows of weight-free candidates, or return None.

    Returns:
        A kernel (height, width, 1, 1).
    """
    windows = [
        (weight, candidate.window[..., None, None])
        for weight, candidate in weight_free
        if candidate.window is not None
    ]
    if not windows:
        return None
    heights, widths, *_ = zip(*(w.shape for _, w in windows), strict=True)
    return merge_kernels(windows, (max(heights), max(widths)))
