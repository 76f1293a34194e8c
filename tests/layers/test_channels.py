"""Channel adapters as a function, a matrix and stock layers."""

import numpy as np
import pytest

from ntaa_tf.layers.channels import adapt_channels
from ntaa_tf.layers.channels import channel_layers
from ntaa_tf.layers.channels import channel_matrix

COUNTS = [(4, 4), (4, 12), (12, 4), (4, 6), (6, 4)]


@pytest.fixture
def images(rng):
    return lambda channels: rng.normal(size=(2, 3, 5, channels)).astype(
        "float32"
    )


@pytest.mark.parametrize(("given", "wanted"), COUNTS)
def test_matrix_and_layers_are_the_adapter(given, wanted, images):
    batch = images(given)
    adapted = np.array(adapt_channels(batch, wanted))
    assert adapted.shape == (2, 3, 5, wanted)
    np.testing.assert_allclose(
        batch @ channel_matrix(given, wanted), adapted, atol=1e-6
    )
    plain = batch
    for layer in channel_layers((3, 5), given, wanted, "site"):
        assert not layer.weights
        plain = layer(plain)
    np.testing.assert_allclose(plain, adapted, atol=1e-6)


def test_reducing_undoes_repeating(images):
    batch = images(4)
    np.testing.assert_allclose(
        adapt_channels(adapt_channels(batch, 12), 4), batch, atol=1e-6
    )


def test_counts_that_do_not_divide_are_padded_or_cut(images):
    batch = images(4)
    padded = np.array(adapt_channels(batch, 6))
    np.testing.assert_array_equal(padded[..., :4], batch)
    assert not padded[..., 4:].any()
    np.testing.assert_array_equal(adapt_channels(padded, 4), batch)
