"""Stages run once, and anew where what they follow was made anew."""

import pytest

from ntaa_tf.pipeline import list_seconds
from ntaa_tf.recipe import Recipe
from ntaa_tf.stages.plan import run_stages
from ntaa_tf.workdir import WorkDirectory


@pytest.fixture
def begin(tmp_path):
    """Give a function that runs stages, and what ran so far."""
    ran = []

    def make_stage(name):
        return lambda job, directory: ran.append(name) or {"is": name}

    def run(*names):
        del ran[:]
        stages = {name: make_stage(name) for name in names}
        workdir = WorkDirectory(tmp_path, {}, {})
        results = run_stages(stages, None, workdir)
        assert [result["is"] for result in results.values()] == list(names)
        return list(ran)

    return run


def test_what_follows_a_deleted_stage_is_made_anew(begin, tmp_path):
    names = ("search", "finetune", "guard", "evaluate")
    assert begin(*names) == [*names]
    assert begin(*names) == []
    (tmp_path / "finetune" / "result.json").unlink()
    assert begin(*names) == ["finetune", "guard", "evaluate"]


def test_no_second_is_told_twice():
    results = {"tune": 90.0, "search": 20.0, "finetune": 10.0, "evaluate": 1.0}
    listed = list_seconds(
        Recipe(tune=3),
        {name: {"seconds": seconds} for name, seconds in results.items()},
    )
    assert listed == results | {"tune": 60.0}
