"""A work directory keeps one run; its stages run once."""

import json
import re
import subprocess
import sys

import pytest

from ntaa_tf.recipe import Recipe
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim
from ntaa_tf.storage.run_directory import read_metrics

CHOICES = {"model": "resnet50", "seed": 0, "data_dir": None}
VERSIONS = {"keras": "3.15.1"}


def open_workdir(path, **changes):
    return RunDirectory(path, {**CHOICES, **changes}, VERSIONS)


def begin(path, **changes):
    """Open a work directory, and give a first stage its result."""
    open_workdir(path, **changes).run_once("source", lambda _: {})


def test_the_recipe_is_written_with_its_versions(tmp_path):
    open_workdir(tmp_path / "runs" / "new")
    text = (tmp_path / "runs" / "new" / "recipe.json").read_text()
    assert json.loads(text) == {"choices": CHOICES, "versions": VERSIONS}


def test_an_empty_directory_is_taken(tmp_path):
    open_workdir(tmp_path)
    assert (tmp_path / "recipe.json").exists()


def test_a_real_recipe_is_its_own_when_read_back(tmp_path):
    for _ in range(2):
        workdir = RunDirectory(tmp_path, Recipe().to_dict(), VERSIONS)
        workdir.run_once("source", lambda _: {})


def test_other_versions_are_no_other_recipe(tmp_path):
    begin(tmp_path)
    RunDirectory(tmp_path, CHOICES, {"keras": "4.0.0"})
    assert "3.15.1" in (tmp_path / "recipe.json").read_text()


def test_another_recipe_is_an_error_that_names_each_difference(tmp_path):
    begin(tmp_path)
    before = (tmp_path / "recipe.json").read_text()
    expected = (
        f"Received: {tmp_path}, which keeps a run of another: data_dir: None "
        "there, 'images' now; seed: 0 there, 1 now. Choose another --workdir"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        open_workdir(tmp_path, seed=1, data_dir="images")
    assert (tmp_path / "recipe.json").read_text() == before


def test_a_choice_that_only_one_recipe_has_is_a_difference(tmp_path):
    begin(tmp_path, old=3)
    with pytest.raises(ValueError, match=r"new: None there, 4 now; old: 3 the"):
        open_workdir(tmp_path, new=4)


def test_a_run_without_any_result_gives_way_to_another_recipe(tmp_path):
    open_workdir(tmp_path, model="typo")
    open_workdir(tmp_path)
    begin(tmp_path)
    with pytest.raises(ValueError, match="model: 'resnet50' there, 'typo' now"):
        open_workdir(tmp_path, model="typo")


def test_results_without_a_recipe_are_refused(tmp_path):
    begin(tmp_path)
    (tmp_path / "recipe.json").unlink()
    with pytest.raises(ValueError, match=r"there is no recipe\.json"):
        open_workdir(tmp_path)


def test_a_directory_of_something_else_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(ValueError, match=r"Expected a new or empty .* no rec"):
        open_workdir(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_its_place_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    with pytest.raises(ValueError, match="Expected a new or empty directory"):
        open_workdir(path)
    assert path.read_text() == "precious"


def test_a_kill_while_the_recipe_was_written_is_no_obstacle(tmp_path):
    (tmp_path / ".unfinished-x1").mkdir()
    open_workdir(tmp_path)
    assert (tmp_path / "recipe.json").exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"model": 1}', '{"choices": 3}', '{"choices": "ab"}'],
)
def test_a_corrupt_recipe_is_an_error(tmp_path, text):
    (tmp_path / "recipe.json").write_text(text)
    expected = r"Invalid file .*recipe.json. Expected .* Choose another --workd"
    with pytest.raises(ValueError, match=expected):
        open_workdir(tmp_path)
    assert (tmp_path / "recipe.json").read_text() == text


def test_a_stage_runs_once(tmp_path):
    calls = []

    def work(directory):
        calls.append(directory)
        return {"accuracy": 0.5}

    first = open_workdir(tmp_path).run_once("search", work)
    second = open_workdir(tmp_path).run_once("search", work)
    assert calls == [tmp_path / "search"]
    assert first == second
    assert first["accuracy"] == 0.5
    assert first["seconds"] >= 0


@pytest.mark.parametrize("text", ["", "{", "3"])
def test_a_corrupt_result_names_the_stage_to_run_again(tmp_path, text):
    begin(tmp_path)
    (tmp_path / "source" / "result.json").write_text(text)
    expected = r"Invalid file .*result.json.*Delete .*source to run that stage"
    with pytest.raises(ValueError, match=expected):
        open_workdir(tmp_path).run_once("source", lambda _: {})


def test_stages_have_directories_of_their_own(tmp_path):
    workdir = open_workdir(tmp_path)
    for stage in ("search", "finetune"):
        result = workdir.run_once(stage, lambda path: {"path": str(path)})
        assert result["path"] == str(tmp_path / stage)


def test_a_stage_that_fails_leaves_no_result_and_runs_again(tmp_path):
    def fail(directory):
        (directory / "checkpoint").write_text("half")
        raise RuntimeError("interrupted")

    workdir = open_workdir(tmp_path)
    with pytest.raises(RuntimeError, match="interrupted"):
        workdir.run_once("search", fail)
    left = [path.name for path in (tmp_path / "search").iterdir()]
    assert left == ["checkpoint"]
    again = workdir.run_once(
        "search", lambda path: {"text": (path / "checkpoint").read_text()}
    )
    assert again["text"] == "half"


CLAIM = """
import pathlib, sys, time
from ntaa_tf.storage.run_directory import claim
with claim(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(60)
"""


def test_another_process_is_kept_out_until_it_is_killed(tmp_path):
    other = subprocess.Popen(
        [sys.executable, "-c", CLAIM, tmp_path], stdout=subprocess.PIPE
    )
    try:
        assert other.stdout.readline() == b"claimed\n"
        with (
            pytest.raises(
                ValueError, match=r"`workdir`.*no other run is under"
            ),
            claim(tmp_path),
        ):
            pass
    finally:
        other.kill()
        other.communicate()
    with claim(tmp_path):
        open_workdir(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".lock", "recipe.json"}


def test_what_came_to_be_no_run_is_left_as_it_was(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"no recipe\.json"), claim(tmp_path):
        open_workdir(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_one_run_follows_another_also_where_the_first_failed(tmp_path):
    path = tmp_path / "runs" / "new"
    with pytest.raises(KeyError), claim(path):
        raise KeyError
    with claim(path), claim(path / "baseline"):
        open_workdir(path / "baseline")


def test_a_file_can_not_be_claimed_and_is_told_of_later(tmp_path):
    (tmp_path / "file").touch()
    with claim(tmp_path / "file"), pytest.raises(ValueError, match="workdir"):
        open_workdir(tmp_path / "file")


def test_damaged_metrics_are_told(tmp_path):
    (tmp_path / "metrics.json").write_text("")
    with pytest.raises(ValueError, match=r"metrics.json.*Delete it to have"):
        read_metrics(tmp_path)


def test_stages_that_are_to_follow_anew_are_forgotten(tmp_path):
    workdir = open_workdir(tmp_path)
    for stage in ("search", "finetune"):
        workdir.run_once(stage, lambda _: {})
    workdir.forget(["finetune", "guard"])
    assert workdir.has_run("search")
    assert not (tmp_path / "finetune").exists()
