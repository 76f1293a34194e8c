"""Stages run once, and again where a stage before them was deleted."""

import types

import pytest

from ntaa_tf import pipeline
from ntaa_tf.recipe import make_recipe
from ntaa_tf.stages.metrics import count_seconds
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.stages.tune import retract_incomplete
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.run_directory import RunDirectory


@pytest.fixture
def begin(tmp_path):
    """A function that runs stages, and returns the names of those that ran."""
    ran = []
    recipe = make_recipe(method="finetune", learning_rate_trials=2)

    def make_stage(name):
        def stage(assembly, directory):
            ran.append(name)
            if name == "tune":  # It copies the files of the next stage.
                write_json(
                    tmp_path / "finetune/result.json",
                    {"is": "finetune", "seconds": 1},
                )
            return {"is": name}

        return stage

    def run(*names):
        del ran[:]
        stages = {name: make_stage(name) for name in names}
        assembly = types.SimpleNamespace(
            recipe=recipe, run_directory=RunDirectory(tmp_path, {}, {})
        )
        if "tune" in names:
            retract_incomplete(assembly)
        results = run_stages(stages, assembly)
        assert [result["is"] for result in results.values()] == list(names)
        return list(ran)

    return run


def test_stages_after_a_deleted_one_run_again(begin, tmp_path):
    names = ("search", "finetune", "hand_over", "evaluate")
    assert begin(*names) == [*names]
    assert begin(*names) == []
    (tmp_path / "finetune" / "result.json").unlink()
    assert begin(*names) == ["finetune", "hand_over", "evaluate"]


def test_a_stage_that_was_taken_over_is_taken_over_again(begin, tmp_path):
    names = ("tune", "finetune", "evaluate")
    assert begin(*names) == ["tune", "evaluate"]
    (tmp_path / "finetune" / "result.json").unlink()
    assert begin(*names) == ["tune", "evaluate"]


@pytest.mark.parametrize(
    ("choices", "left"),
    [
        ({}, ["finetune", "search"]),
        ({"distill": True}, []),
    ],
)
def test_a_new_baseline_is_compared_anew(tmp_path, monkeypatch, choices, left):
    run_directory = RunDirectory(tmp_path, {}, {})
    stages = ("search", "finetune", "hand_over", "evaluate", "export")
    for stage in stages:
        run_directory.run_stage(stage, lambda _: {})
    baseline = types.SimpleNamespace(
        recipe=make_recipe(method="finetune"),
        run_directory=RunDirectory(tmp_path / "baseline", {}, {}),
    )
    assembly = types.SimpleNamespace(
        recipe=make_recipe(**choices),
        run_directory=run_directory,
        baseline=baseline,
    )
    monkeypatch.setattr(pipeline, "run_stages", lambda *_: {})
    pipeline.train_baseline(assembly)
    kept = {path.parent.name for path in tmp_path.glob("*/result.json")}
    assert sorted(kept) == left


def test_no_second_is_counted_twice():
    """The stages of the kept trial have its seconds, of killed attempts too."""
    tune = {"seconds": 5.0, "other_seconds": 60.0}
    listed = count_seconds({"tune": tune, "finetune": {"seconds": 20.0}})
    assert listed == {"tune": 60.0, "finetune": 20.0}
