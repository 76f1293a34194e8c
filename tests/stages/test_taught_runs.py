"""A run with a teacher: the baseline, or a model from a file."""

import shutil

import keras
import numpy as np
import pytest
from whole_runs import SMOKE
from whole_runs import adapt
from whole_runs import adapt_killed
from whole_runs import read_weights

from ntaa_tf.recipe import make_baseline
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import switch
from ntaa_tf.report import format_table
from ntaa_tf.storage.run_metrics import RunMetrics

TAUGHT = {"method": "finetune", "distill": True, "baseline": None}


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    path = tmp_path_factory.mktemp("taught") / "run"
    return path, *adapt(path, **TAUGHT)


def repeat_without(taught, stage, tmp_path):
    """Repeat a copied run without a stage; return when finetuning was done."""
    path = tmp_path / "run"
    shutil.copytree(taught[0], path)
    shutil.rmtree(path / stage)
    (path / "metrics.json").unlink()
    result = path / "finetune/result.json"
    before = result.stat().st_mtime_ns
    adapt(path, **TAUGHT)
    return before, result.stat().st_mtime_ns


@pytest.mark.long
def test_the_baseline_is_the_teacher(taught):
    path, _, metrics = taught
    assert metrics["teacher"] == "baseline"
    assert list(metrics["seconds"])[:3] == ["source", "baseline", "finetune"]
    plain = read_weights(path / "baseline/adapted.keras")
    own = read_weights(path / "searched.keras")
    assert any(
        not np.array_equal(one, other)
        for one, other in zip(plain, own, strict=True)
    )


@pytest.mark.long
def test_the_table_tells_both_apart(taught):
    table = format_table(RunMetrics.from_json(taught[-1]))
    rows = [line.split("  ")[0] for line in table.splitlines()]
    assert [row.removesuffix(" (handed over)") for row in rows[2:]] == [
        "plain finetuning",
        "plain finetuning, with a teacher",
    ]


@pytest.mark.long
def test_a_new_baseline_teaches_anew(taught, tmp_path):
    before, after = repeat_without(taught, "baseline/finetune", tmp_path)
    assert after > before


@pytest.mark.long
def test_a_file_teaches_without_a_baseline(taught, tmp_path):
    teacher = str(taught[0] / "adapted.keras")
    _, metrics = adapt(
        tmp_path / "run", **{**TAUGHT, "baseline": False}, teacher=teacher
    )
    assert metrics["teacher"] == teacher
    assert "baseline" not in metrics


@pytest.mark.long
def test_a_teacher_of_larger_images_is_trained_first(tmp_path):
    choices = {**TAUGHT, "baseline": False, "teacher_image_size": "24"}
    _, metrics = adapt(tmp_path / "run", **choices)
    assert metrics["teacher"] == "source at 24 pixels"
    assert list(metrics["seconds"])[:3] == ["source", "teacher", "finetune"]
    teacher, own = (
        keras.models.load_model(tmp_path / "run" / name)
        for name in ("teacher/adapted.keras", "adapted.keras")
    )
    assert teacher.input_shape[1:3] == (24, 24)
    assert own.input_shape[1:3] == (16, 16)
    assert not (tmp_path / "run/baseline").exists()


@pytest.mark.long
def test_a_killed_search_with_a_teacher_ends_as_one_that_was_not(
    tmp_path, monkeypatch
):
    choices = {"distill": True, "baseline": None}
    adapt(tmp_path / "whole", **choices)
    _, deaths = adapt_killed(monkeypatch, tmp_path / "killed", **choices)
    assert deaths == 4
    for one, other in zip(
        *(
            read_weights(tmp_path / run / "searched.keras")
            for run in ("whole", "killed")
        ),
        strict=True,
    ):
        np.testing.assert_array_equal(one, other)


@pytest.mark.long
def test_the_transfer_data_have_no_teacher(tmp_path):
    _, metrics = adapt(
        tmp_path / "run",
        method="darts+transfer",
        transfer_dataset="digits",
        distill=True,
        teacher_image_size="24",
    )
    assert "transfer" in metrics["seconds"]


def save_model(path, *last, size=16, channels=3, classes=5):
    layers = [
        keras.layers.Conv2D(classes, 3),
        keras.layers.GlobalAveragePooling2D(),
        *last,
    ]
    keras.Sequential([keras.Input((size, size, channels)), *layers]).save(path)
    return str(path)


@pytest.mark.parametrize(
    ("last", "made", "message"),
    [
        ([], {"classes": 4}, r"outputs \[\(4,\)\], .* outputs \[\(5,\)\]"),
        ([], {"channels": 1}, r"inputs \[\(16, 16, 1\)\]"),
        ([keras.layers.Softmax()], {}, "logits are compared"),
        ([keras.layers.Dense(5, "softmax")], {}, "logits are compared"),
    ],
)
def test_a_model_that_cannot_teach_is_refused_before_training(
    last, made, message, tmp_path
):
    teacher = save_model(tmp_path / "teacher.keras", *last, **made)
    with pytest.raises(ValueError, match=message):
        adapt(tmp_path / "run", distill=True, teacher=teacher)
    # So that the corrected command may use it.
    assert not (tmp_path / "run/source/result.json").exists()


@pytest.mark.long
def test_a_sequential_model_of_any_image_size_teaches(tmp_path):
    teacher = save_model(tmp_path / "teacher.keras", size=None)
    choices = {"method": "finetune", "distill": True, "teacher": teacher}
    _, metrics = adapt(tmp_path / "run", **choices)
    assert metrics["teacher"] == teacher


def test_a_missing_teacher_is_refused_before_training(tmp_path):
    with pytest.raises(ValueError, match=r"--teacher=nowhere\.keras can't be"):
        adapt(tmp_path / "run", distill=True, teacher="nowhere.keras")


@pytest.mark.parametrize("size", ["8", "16", "24x20"])
def test_a_teacher_sees_larger_images_of_the_same_proportions(size, tmp_path):
    with pytest.raises(ValueError, match="must be larger than the image size"):
        adapt(tmp_path / "run", distill=True, teacher_image_size=size)
    assert not (tmp_path / "run").exists()


def test_distillation_needs_a_teacher():
    with pytest.raises(ValueError, match="--distill needs the baseline"):
        make_recipe(distill=True, baseline=False)
    with pytest.raises(ValueError, match="used only with --distill"):
        make_recipe(teacher="teacher.keras")


def test_a_network_with_a_teacher_is_compared_with_the_teacher_itself():
    assert make_recipe(method="finetune", distill=True).has_baseline
    assert not make_recipe(method="finetune").has_baseline


def test_the_baseline_has_no_teacher():
    baseline = make_baseline(switch(SMOKE, distill=True, baseline=None))
    assert not baseline.distillation.distill
