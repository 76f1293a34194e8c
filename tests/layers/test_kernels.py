import numpy as np
import pytest

from ntaa_tf.layers.kernels import embed_kernel
from ntaa_tf.layers.kernels import inherit_kernel


def test_embedding_keeps_the_centre_and_spreads_the_taps():
    kernel = np.arange(1.0, 10).reshape(3, 3, 1, 1)
    spread = np.array(embed_kernel(kernel, (2, 2), (7, 7)))[..., 0, 0]
    assert spread.shape == (7, 7)
    np.testing.assert_array_equal(spread[1:6:2, 1:6:2], kernel[..., 0, 0])
    assert spread.sum() == kernel.sum()


def test_embedding_follows_the_orientation():
    kernel = np.ones((1, 3, 2, 2))
    assert embed_kernel(kernel, (1, 1), (1, 7)).shape == (1, 7, 2, 2)


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
