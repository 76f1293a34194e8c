import keras
import numpy as np
import pytest
from shorten import shorten


def test_the_kept_layers_compute_the_same(source):
    short = shorten(source, "large")
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    inner = keras.Model(source.input, source.get_layer("large").output)
    assert short.layers[-1].name == "large"
    np.testing.assert_array_equal(
        short.predict(images, verbose=0), inner.predict(images, verbose=0)
    )


@pytest.mark.parametrize("after", ["dense", "nowhere"])
def test_a_layer_without_a_feature_map_is_refused(source, after):
    with pytest.raises(
        ValueError, match=rf"--after={after} .* 'large', 'pointwise'"
    ):
        shorten(source, after)
