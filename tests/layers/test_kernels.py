"""Kernels are dilated, fitted, merged and inherited around their centre."""

import numpy as np
import pytest

from ntaa_tf.layers.kernels import dilate_kernel
from ntaa_tf.layers.kernels import fit_kernel
from ntaa_tf.layers.kernels import inherit_kernel
from ntaa_tf.layers.kernels import merge_kernels


def test_dilating_spreads_the_taps():
    kernel = np.arange(1.0, 10).reshape(3, 3, 1, 1)
    dilated = np.array(dilate_kernel(kernel, (2, 2)))[..., 0, 0]
    assert dilated.shape == (5, 5)
    np.testing.assert_array_equal(dilated[::2, ::2], kernel[..., 0, 0])
    assert dilated.sum() == kernel.sum()


def test_fitting_keeps_the_centre():
    kernel = np.arange(1.0, 10).reshape(3, 3, 1, 1)
    larger = np.array(fit_kernel(kernel, (5, 5)))
    np.testing.assert_array_equal(larger[1:4, 1:4], kernel)
    assert larger.sum() == kernel.sum()
    mixed = np.array(fit_kernel(kernel, (1, 5)))[..., 0, 0]
    np.testing.assert_array_equal(mixed, [[0, 4, 5, 6, 0]])


@pytest.mark.parametrize("extent", [(1, 1), (3, 5), (7, 7)])
def test_merging_adds_up_around_one_centre(extent, rng):
    kernels = [rng.normal(size=(*s, 2, 3)) for s in [(5, 5), (1, 3), (3, 1)]]
    kernels.append(rng.normal(size=(3, 3, 1, 1)))
    weights = rng.normal(size=len(kernels))
    weighted = list(zip(weights, kernels, strict=True))
    expected = sum(
        weight * fit_kernel(fit_kernel(kernel, (7, 7)), extent)
        for weight, kernel in weighted
    )
    np.testing.assert_allclose(merge_kernels(weighted, extent), expected)


@pytest.mark.parametrize("size", [1, 3, 5, 7])
@pytest.mark.parametrize("source_size", [1, 3, 5, 7])
def test_inheriting_copies_around_the_centre(source_size, size, rng):
    source = rng.normal(size=(source_size, source_size, 2, 3))
    inherited = inherit_kernel(source, (1, 1), (size, size), (1, 1))
    common = min(size, source_size)

    def centre(kernel):
        cut = (kernel.shape[0] - common) // 2
        return kernel[cut : cut + common, cut : cut + common]

    np.testing.assert_array_equal(centre(inherited), centre(source))
    assert np.count_nonzero(inherited) == common**2 * 6


def test_inheriting_respects_dilation():
    source = np.arange(25.0).reshape(5, 5, 1, 1)
    inherited = inherit_kernel(source, (1, 1), (3, 3), (2, 2))
    np.testing.assert_array_equal(inherited, source[::2, ::2])
    dilated = inherit_kernel(source[::2, ::2], (2, 2), (5, 5), (1, 1))
    np.testing.assert_array_equal(dilated[::2, ::2], source[::2, ::2])
    assert dilated.sum() == source[::2, ::2].sum()
