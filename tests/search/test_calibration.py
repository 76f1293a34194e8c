"""Scaled candidates start at the source's scale and collapse exactly."""

import keras
import numpy as np
import pytest
from keras import ops
from search.small_models import MODELS
from search.small_models import randomize

from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.layers.weight_free import WeightFree
from ntaa_tf.search.calibration import calibrate


@pytest.fixture
def images(rng):
    return 3 * rng.normal(size=(8, 16, 16, 3)).astype("float32")


@pytest.fixture
def source(rng):
    return randomize(MODELS["residual"](), rng)


def make_supernet(source, images):
    supernet = insert_mixed_ops(source, has_gains=True)
    calibrate(supernet, images)
    return supernet


def test_the_supernet_starts_at_the_source(source, images):
    supernet = make_supernet(source, images)
    np.testing.assert_allclose(supernet(images), source(images), atol=1e-5)


def test_a_single_site_is_calibrated(source, images):
    supernet = insert_mixed_ops(source, sites="last:1", has_gains=True)
    calibrate(supernet, images)
    (site,) = supernet.choices
    assert not np.array_equal(site.gains, np.ones(len(site.options)))


def test_weight_free_candidates_have_the_source_s_deviation(source, images):
    supernet = make_supernet(source, images)
    site = supernet.choices[0]
    reading = keras.Model(supernet.inputs[0], site.input)
    maps = reading(images)
    for index, candidate in enumerate(site.candidates):
        gain = float(site.gains[index])
        if isinstance(candidate, WeightFree):
            deviation = gain * float(ops.std(candidate(maps)))
            assert deviation == pytest.approx(
                float(ops.std(site.source(maps))), rel=1e-4
            )
        else:
            assert gain == 1


@pytest.mark.parametrize("relaxation", ["expectation", "single_path"])
def test_every_candidate_collapses_with_its_gain(
    relaxation, source, images, rng
):
    supernet = make_supernet(source, images)
    for choice in supernet.choices:
        choice.relaxation = relaxation
        choice.choose(str(rng.choice(choice.options[2:])))
    plain = collapse(supernet)
    np.testing.assert_allclose(plain(images), supernet(images), atol=2e-4)


def test_the_fused_mixture_is_the_literal_one(source, images, rng):
    supernet = make_supernet(source, images)
    site = supernet.choices[0]
    site.logits.assign(rng.normal(size=len(site.options)))
    site.set_pulls(0.0, 0.0)
    maps = rng.normal(size=(2, *site.input.shape[1:])).astype("float32")
    np.testing.assert_allclose(site(maps), site.call_literally(maps), atol=1e-4)


def test_gains_are_saved(source, images, tmp_path):
    supernet = make_supernet(source, images)
    supernet.save(tmp_path / "supernet.keras")
    reopened = keras.models.load_model(tmp_path / "supernet.keras")
    for one, other in zip(supernet.choices, reopened.choices, strict=True):
        np.testing.assert_array_equal(one.gains, other.gains)
