"""Finetuning is careful with new kernels beside inherited ones alone."""

import types

import keras
import pytest

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.recipe import Recipe
from ntaa_tf.stages.finetuning import list_careful

GIVEN = {"method": "retrain", "architecture": "some.json"}


@pytest.fixture
def model():
    inputs = keras.Input((8, 8, 3))
    layer = keras.layers.SeparableConv2D(4, 3, name="site")
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize(
    ("choices", "is_careful"),
    [
        ({"method": "ntaa"}, True),
        ({"method": "darts"}, False),
        ({"method": "finetune"}, False),
        (GIVEN, False),
        ({**GIVEN, "derived_weights": "inherit"}, True),
    ],
)
def test_new_kernels_are_moved_with_care_beside_inherited_ones(
    choices, is_careful, model, tmp_path
):
    architecture = Architecture({"site": SiteChoice("separable3x3")})
    (tmp_path / "search").mkdir()
    kept = tmp_path / "search" / "architecture.json"
    kept.write_text(architecture.to_json(), "utf-8")
    job = types.SimpleNamespace(recipe=Recipe(**choices), path=tmp_path)
    kernels = [model.get_layer("site").depthwise_kernel] if is_careful else []
    assert list_careful(job, model) == kernels
