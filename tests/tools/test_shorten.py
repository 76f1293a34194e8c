import keras
import numpy as np
import pytest
from shorten import shorten


def test_what_is_kept_computes_the_same(source):
    short = shorten(source, "large")
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    inner = keras.Model(source.input, source.get_layer("large").output)
    assert short.layers[-1].name == "large"
    np.testing.assert_array_equal(
        short.predict(images, verbose=0), inner.predict(images, verbose=0)
    )


@pytest.mark.parametrize("after", ["dense", "nowhere"])
def test_a_layer_that_gives_no_map_is_refused(source, after):
    with pytest.raises(
        ValueError, match=r"`after`. Expected .* 'large', 'pointwise'"
    ):
        shorten(source, after)
