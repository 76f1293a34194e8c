"""A run directory keeps one run at a time; each of its stages runs once."""

import errno
import fcntl
import json
import os
import re
import subprocess
import sys
import time
from unittest import mock

import pytest

from ntaa_tf.recipe import make_recipe
from ntaa_tf.storage.run_directory import OccupiedError
from ntaa_tf.storage.run_directory import RunDirectory
from ntaa_tf.storage.run_directory import claim

CHOICES = {"model": "resnet50", "seed": 0, "data_dir": None}
VERSIONS = {"keras": "3.15.1"}


def open_run(path, **changes):
    return RunDirectory(path, {**CHOICES, **changes}, VERSIONS)


def begin(path, **changes):
    """Open a run directory and finish its first stage."""
    open_run(path, **changes).run_stage("source", lambda _: {})


def test_the_recipe_is_written_with_its_versions(tmp_path):
    open_run(tmp_path / "runs" / "new")
    text = (tmp_path / "runs" / "new" / "recipe.json").read_text()
    assert json.loads(text) == {"choices": CHOICES, "versions": VERSIONS}


def test_an_empty_directory_is_taken(tmp_path):
    open_run(tmp_path)
    assert (tmp_path / "recipe.json").exists()


def test_a_real_recipe_is_its_own_when_read_back(tmp_path):
    for _ in range(2):
        run = RunDirectory(tmp_path, make_recipe().to_dict(), VERSIONS)
        run.run_stage("source", lambda _: {})


def test_other_versions_are_no_other_recipe(tmp_path):
    begin(tmp_path)
    RunDirectory(tmp_path, CHOICES, {"keras": "4.0.0"})
    assert "3.15.1" in (tmp_path / "recipe.json").read_text()


def test_another_recipe_is_an_error_that_names_each_difference(tmp_path):
    begin(tmp_path)
    before = (tmp_path / "recipe.json").read_text()
    expected = (
        f"--workdir={tmp_path} keeps a run of another recipe: data_dir: None "
        "there, 'images' now; seed: 0 there, 1 now. Choose another --workdir"
    )
    with pytest.raises(ValueError, match=re.escape(expected)):
        open_run(tmp_path, seed=1, data_dir="images")
    assert (tmp_path / "recipe.json").read_text() == before


def test_a_choice_that_only_one_recipe_has_is_a_difference(tmp_path):
    begin(tmp_path, old=3)
    with pytest.raises(ValueError, match=r"new: None there, 4 now; old: 3 the"):
        open_run(tmp_path, new=4)


def test_a_run_without_any_result_gives_way_to_another_recipe(tmp_path):
    open_run(tmp_path, model="typo")
    open_run(tmp_path)
    begin(tmp_path)
    with pytest.raises(ValueError, match="model: 'resnet50' there, 'typo' now"):
        open_run(tmp_path, model="typo")


def test_results_without_a_recipe_are_refused(tmp_path):
    begin(tmp_path)
    (tmp_path / "recipe.json").unlink()
    with pytest.raises(ValueError, match=r"there is no recipe\.json"):
        open_run(tmp_path)


def test_a_directory_of_something_else_is_refused_and_untouched(tmp_path):
    (tmp_path / "thesis.tex").write_text("precious")
    with pytest.raises(ValueError, match="neither empty nor the directory of"):
        open_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_a_file_in_its_place_is_refused(tmp_path):
    path = tmp_path / "file"
    path.write_text("precious")
    with pytest.raises(ValueError, match="neither empty nor the directory of"):
        open_run(path)
    assert path.read_text() == "precious"


def test_a_kill_while_the_recipe_was_written_is_no_obstacle(tmp_path):
    (tmp_path / ".unfinished-x1").mkdir()
    open_run(tmp_path)
    assert (tmp_path / "recipe.json").exists()


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", "3", '{"model": 1}', '{"choices": 3}', '{"choices": "ab"}'],
)
def test_a_corrupt_recipe_is_an_error(tmp_path, text):
    (tmp_path / "recipe.json").write_text(text)
    expected = r"recipe.json can't be read .* Choose another --workdir"
    with pytest.raises(ValueError, match=expected):
        open_run(tmp_path)
    assert (tmp_path / "recipe.json").read_text() == text


def test_a_stage_runs_once(tmp_path):
    calls = []

    def work(directory):
        calls.append(directory)
        return {"accuracy": 0.5}

    first = open_run(tmp_path).run_stage("search", work)
    second = open_run(tmp_path).run_stage("search", work)
    assert calls == [tmp_path / "search"]
    assert first == second
    assert first["accuracy"] == 0.5
    assert first["seconds"] >= 0


@pytest.mark.parametrize("text", ["", "{", "3"])
def test_a_corrupt_result_names_the_stage_to_run_again(tmp_path, text):
    begin(tmp_path)
    (tmp_path / "source" / "result.json").write_text(text)
    expected = r"result.json can't be read .*Delete .*source to run that stage"
    with pytest.raises(ValueError, match=expected):
        open_run(tmp_path).run_stage("source", lambda _: {})
    with pytest.raises(ValueError, match=expected):
        open_run(tmp_path).read_result("source")


def test_the_result_of_a_finished_stage_is_read(tmp_path):
    run = open_run(tmp_path)
    result = run.run_stage("search", lambda _: {"accuracy": 0.5})
    assert run.read_result("search") == result
    with pytest.raises(ValueError, match=r"finetune.*Delete .*finetune to run"):
        run.read_result("finetune")


def test_a_retracted_stage_runs_again_with_its_files(tmp_path):
    run = open_run(tmp_path)
    run.run_stage("search", lambda path: (path / "kept").write_text("") or {})
    run.reopen("search")
    assert not run.has_result("search")
    assert (tmp_path / "search" / "kept").exists()


def test_stages_have_directories_of_their_own(tmp_path):
    run = open_run(tmp_path)
    for stage in ("search", "finetune"):
        result = run.run_stage(stage, lambda path: {"path": str(path)})
        assert result["path"] == str(tmp_path / stage)


def test_a_stage_that_fails_leaves_no_result_and_runs_again(tmp_path):
    def fail(directory):
        (directory / "checkpoint").write_text("half")
        raise RuntimeError("interrupted")

    run = open_run(tmp_path)
    with pytest.raises(RuntimeError, match="interrupted"):
        run.run_stage("search", fail)
    left = [path.name for path in (tmp_path / "search").iterdir()]
    assert left == ["checkpoint"]
    again = run.run_stage(
        "search", lambda path: {"text": (path / "checkpoint").read_text()}
    )
    assert again["text"] == "half"


CLAIM = """
import pathlib, sys, time
from ntaa_tf.storage.run_directory import claim
with claim(pathlib.Path(sys.argv[1])):
    print("claimed", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def other(tmp_path):
    """Start another process that is using the directory."""
    process = subprocess.Popen(
        [sys.executable, "-c", CLAIM, tmp_path], stdout=subprocess.PIPE
    )
    assert process.stdout.readline() == b"claimed\n"
    yield process
    process.kill()
    process.communicate()


def test_a_second_run_is_refused_at_once(other, tmp_path):
    begin = time.monotonic()
    expected = f"Another run is using --workdir={tmp_path}. Wait until it ends"
    with pytest.raises(OccupiedError, match=expected), claim(tmp_path):
        pass
    assert time.monotonic() - begin < 1
    assert issubclass(OccupiedError, ValueError)


def test_a_killed_process_leaves_no_claim(other, tmp_path):
    other.kill()
    other.wait()
    with claim(tmp_path):
        open_run(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {".lock", "recipe.json"}


@pytest.mark.parametrize("number", [errno.ENOSYS, errno.ENOLCK])
def test_a_file_system_without_locks_is_a_warning(tmp_path, caplog, number):
    """A soft lock would block the directory after a kill."""
    error = OSError(number, "Function not implemented")
    with (
        mock.patch("fcntl.flock", side_effect=error),
        claim(tmp_path),
        claim(tmp_path),
    ):
        open_run(tmp_path)
    expected = f"{tmp_path} can't be locked (Function not implemented)"
    assert caplog.messages == [expected] * 2
    assert (tmp_path / ".lock").read_text() == ""


def test_a_directory_that_can_not_be_written_is_no_warning(tmp_path):
    error = PermissionError(errno.EACCES, "Permission denied")
    with (
        mock.patch("pathlib.Path.touch", side_effect=error),
        pytest.raises(PermissionError),
        claim(tmp_path),
    ):
        pass


def test_the_lock_file_is_open_for_writing(tmp_path):
    """NFS locks across machines only what is open for writing."""
    with (
        mock.patch("fcntl.flock", wraps=fcntl.flock) as flock,
        claim(tmp_path),
    ):
        descriptor, operation = flock.call_args.args
        mode = fcntl.fcntl(descriptor, fcntl.F_GETFL) & os.O_ACCMODE
    assert mode == os.O_RDWR
    assert operation == fcntl.LOCK_EX | fcntl.LOCK_NB


def test_a_directory_that_is_no_runs_keeps_no_lock_file(tmp_path):
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(ValueError, match=r"no recipe\.json"), claim(tmp_path):
        open_run(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]


def test_one_run_follows_another_also_where_the_first_failed(tmp_path):
    path = tmp_path / "runs" / "new"
    with pytest.raises(KeyError), claim(path):
        raise KeyError
    with claim(path), claim(path / "baseline"):
        open_run(path / "baseline")


def test_a_file_can_not_be_claimed_and_is_told_of_later(tmp_path):
    (tmp_path / "file").touch()
    with claim(tmp_path / "file"), pytest.raises(ValueError, match="workdir"):
        open_run(tmp_path / "file")


def test_a_directory_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").touch()
    with (
        pytest.raises(ValueError, match=r"--workdir=.*file/run can.t be crea"),
        claim(tmp_path / "file" / "run"),
    ):
        pass


def test_stages_that_are_to_follow_anew_are_forgotten(tmp_path):
    run = open_run(tmp_path)
    for stage in ("search", "finetune"):
        run.run_stage(stage, lambda _: {})
    run.remove_stages(["finetune", "hand_over"])
    assert run.has_result("search")
    assert not (tmp_path / "finetune").exists()
