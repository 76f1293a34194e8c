"""Finetuning is careful with new kernels beside inherited ones alone."""

import json
import types

import keras
import numpy as np
import pytest
from whole_runs import adapt
from whole_runs import adapt_killed
from whole_runs import read_weights

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.recipe import make_recipe
from ntaa_tf.stages.finetune import list_careful
from ntaa_tf.training.best_epoch import find_best

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


@pytest.mark.long
def test_a_killed_run_keeps_the_best_epoch_as_one_that_was_not(
    tmp_path, monkeypatch
):
    choices = {
        "method": "finetune",
        "keep": "best",
        "class_weights": "balanced",
    }
    paths = tmp_path / "whole", tmp_path / "killed"
    _, metrics = adapt(paths[0], **choices)
    result = json.loads((paths[0] / "finetune/result.json").read_text("utf-8"))
    kept = find_best(result["history"]["val_accuracy"])
    assert result["kept_epoch"] == metrics["adapted"]["kept_epoch"] == kept
    assert f"{kept} (plain finetuning)" in (paths[0] / "report.html").read_text(
        "utf-8"
    )
    killed, deaths = adapt_killed(monkeypatch, paths[1], **choices)
    assert deaths == len(result["history"]["val_accuracy"])
    assert killed["adapted"]["kept_epoch"] == kept
    whole, resumed = (read_weights(path / "adapted.keras") for path in paths)
    for one, other in zip(whole, resumed, strict=True):
        np.testing.assert_array_equal(one, other)
