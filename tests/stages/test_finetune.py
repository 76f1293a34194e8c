"""Finetuning is careful with new kernels beside inherited ones alone."""

import types

import keras
import pytest

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.recipe import make_recipe
from ntaa_tf.stages.finetune import list_careful

GIVEN = {"method": "retrain", "architecture": "some.json"}


def make_model(layer):
    inputs = keras.Input((8, 8, 3))
    return keras.Model(inputs, layer(inputs))


@pytest.mark.parametrize(
    ("choices", "slows"),
    [
        ({"method": "ntaa"}, True),
        ({"method": "darts"}, False),
        ({"method": "finetune"}, False),
        (GIVEN, False),
        ({**GIVEN, "derived_weights": "inherit"}, True),
        ({"method": "ntaa", "candidate_weights": "random"}, False),
        ({"method": "ntaa", "start": "paper"}, False),
    ],
)
def test_new_kernels_are_moved_with_care_beside_inherited_ones(
    choices, slows, tmp_path
):
    source = make_model(keras.layers.Conv2D(4, 1, name="site"))
    model = make_model(keras.layers.SeparableConv2D(4, 3, name="site"))
    architecture = Architecture({"site": SiteChoice("separable3x3")})
    (tmp_path / "search").mkdir()
    kept = tmp_path / "search" / "architecture.json"
    kept.write_text(architecture.to_json(), "utf-8")
    assembly = types.SimpleNamespace(
        recipe=make_recipe(**choices), path=tmp_path, source=source
    )
    kernels = [model.get_layer("site").depthwise_kernel] if slows else []
    assert list_careful(assembly, model) == kernels
