"""Stages run once, and anew where what they follow was made anew."""

import types

import pytest

from ntaa_tf import pipeline
from ntaa_tf.pipeline import list_seconds
from ntaa_tf.recipe import Recipe
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.run_directory import RunDirectory


@pytest.fixture
def begin(tmp_path):
    """Give a function that runs stages, and what ran so far."""
    ran = []
    job = types.SimpleNamespace(recipe=Recipe(method="finetune", tune=2))

    def make_stage(name):
        def stage(job, directory):
            ran.append(name)
            if name == "tune":  # What it keeps are the next stage's files.
                write_json(
                    tmp_path / "finetune/result.json",
                    {"is": "finetune", "seconds": 1},
                )
            return {"is": name}

        return stage

    def run(*names):
        del ran[:]
        stages = {name: make_stage(name) for name in names}
        workdir = RunDirectory(tmp_path, {}, {})
        results = run_stages(stages, job, workdir)
        assert [result["is"] for result in results.values()] == list(names)
        return list(ran)

    return run


def test_what_follows_a_deleted_stage_is_made_anew(begin, tmp_path):
    names = ("search", "finetune", "guard", "evaluate")
    assert begin(*names) == [*names]
    assert begin(*names) == []
    (tmp_path / "finetune" / "result.json").unlink()
    assert begin(*names) == ["finetune", "guard", "evaluate"]


def test_what_tuning_kept_is_taken_from_it_again(begin, tmp_path):
    names = ("tune", "finetune", "evaluate")
    assert begin(*names) == ["tune", "evaluate"]
    (tmp_path / "finetune" / "result.json").unlink()
    assert begin(*names) == ["tune", "evaluate"]


@pytest.mark.parametrize(
    ("choices", "left"),
    [
        ({"guard": True}, ["search"]),
        ({"baseline": True}, ["finetune", "search"]),
    ],
)
def test_what_is_compared_follows_the_baseline(
    tmp_path, monkeypatch, choices, left
):
    recipe = Recipe(**choices)
    workdir = RunDirectory(tmp_path, {}, {})
    for stage in ("search", "finetune", "evaluate", "export"):
        workdir.run_once(stage, lambda _: {})
    job = types.SimpleNamespace(recipe=recipe, path=tmp_path)
    job.beside = lambda recipe, path: types.SimpleNamespace(
        recipe=recipe, path=path
    )
    monkeypatch.setattr(pipeline, "run_stages", lambda *_: {})
    pipeline.finetune_plainly(job, workdir)
    kept = {path.parent.name for path in tmp_path.glob("*/result.json")}
    assert sorted(kept) == left


def test_no_second_is_told_twice():
    """What tuning kept is told by its stages, also of killed attempts."""
    tune = {"seconds": 5.0, "other_seconds": 60.0}
    listed = list_seconds({"tune": tune, "finetune": {"seconds": 20.0}})
    assert listed == {"tune": 60.0, "finetune": 20.0}
