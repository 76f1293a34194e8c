"""Where a run is kept: a directory of its own, found again if it is killed."""

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from ntaa_tf import pipeline
from ntaa_tf.assembly.run_directory import claim_run_directory
from ntaa_tf.assembly.run_directory import list_kept_choices
from ntaa_tf.assembly.run_directory import open_run_directory
from ntaa_tf.assembly.run_directory import shorten_names
from ntaa_tf.assembly.run_directory import write_command
from ntaa_tf.recipe import make_recipe
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

RECIPE = make_recipe(model="vgg19", dataset="folder:my/flowers", seed=3)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def begin(recipe, finishes=False):
    """Begin a run that is killed after its first stage, or finished."""
    with claim_run_directory(recipe) as path:
        open_run_directory(recipe, path).run_stage("source", lambda _: {})
        if finishes:
            (path / "metrics.json").write_text("{}")
    return path


def test_a_new_run_is_named_after_what_it_does_and_the_time():
    name = str(begin(RECIPE))
    assert re.fullmatch(r"runs/vgg19-flowers-ntaa-\d{8}-\d{6}", name)


def test_the_same_command_goes_on_where_a_killed_one_stopped(caplog):
    caplog.set_level("INFO")
    path = begin(RECIPE)
    assert f"new run: {path}. To resume it, repeat the command" in caplog.text
    assert begin(RECIPE) == path
    assert f"resuming {path}. To resume it" in caplog.text


def test_the_newest_of_several_unfinished_runs_goes_on():
    older = Path("runs/vgg19-flowers-ntaa-20200101-000000")
    newer = Path("runs/vgg19-flowers-ntaa-20210101-000000")
    begin(RECIPE).rename(newer)
    shutil.copytree(newer, older)
    assert begin(RECIPE, finishes=True) == newer
    assert begin(RECIPE) == older


def test_a_finished_run_and_another_recipe_s_are_left_alone():
    paths = [
        begin(RECIPE, finishes=True),
        begin(RECIPE, finishes=True),
        begin(make_recipe(model="vgg19", dataset="folder:my/flowers", seed=4)),
        begin(RECIPE),
    ]
    assert len(set(paths)) == len(paths)


def test_runs_at_the_same_time_have_directories_of_their_own():
    with contextlib.ExitStack() as stack:
        paths = [
            stack.enter_context(claim_run_directory(RECIPE)) for _ in range(3)
        ]
        assert len(set(paths)) == 3
        for path in paths:
            open_run_directory(RECIPE, path)
    # All were killed; nothing is begun anew until they are finished.
    assert {begin(RECIPE, finishes=True) for _ in paths} == set(paths)


def test_a_run_that_is_refused_leaves_nothing():
    with (
        pytest.raises(ValueError, match="refused"),
        claim_run_directory(RECIPE),
    ):
        raise ValueError("refused")
    assert list(Path("runs").iterdir()) == []


def test_a_directory_that_is_named_is_taken_and_only_once():
    recipe = make_recipe(workdir="mine")
    with claim_run_directory(recipe) as path:
        assert path == Path("mine")
        with (
            pytest.raises(ValueError, match=r"Another run is using .*mine"),
            claim_run_directory(recipe),
        ):
            pass


def test_something_that_is_no_run_is_no_obstacle():
    path = begin(RECIPE)
    (path / "recipe.json").write_text("torn")
    assert begin(RECIPE) != path


@pytest.mark.parametrize(
    ("model", "dataset", "names"),
    [
        ("resnet50", "cifar10:3.0.2", ("resnet50", "cifar10:3.0.2")),
        ("a/b.c.keras", "folder:a/birds/", ("b.c", "birds")),
        ("my.models:resnet", "folder:.", ("resnet", "{here}")),
        ("hub:some_preset", "market:gallery", ("some_preset", "gallery")),
    ],
)
def test_names_are_told_without_where_their_files_are(model, dataset, names):
    here = Path.cwd().name
    shortened = shorten_names(make_recipe(model=model, dataset=dataset))
    assert tuple(shortened.values()) == (names[0], names[1].format(here=here))


def test_a_run_of_renamed_choices_is_told_so(tmp_path):
    kept = {"choices": {"lambda_theta": 0.1}, "versions": {}}
    write_json(tmp_path / "recipe.json", kept)
    with pytest.raises(
        ValueError, match="earlier version, with --lambda_theta"
    ):
        open_run_directory(RECIPE, tmp_path)


def test_a_run_without_newer_choices_is_told_so(tmp_path):
    choices = {**list_kept_choices(RECIPE)}
    del choices["seed"], choices["data_dir"]  # None is no choice.
    kept = {"choices": choices, "versions": {}}
    write_json(tmp_path / "recipe.json", kept)
    (tmp_path / "source").mkdir()
    write_json(tmp_path / "source/result.json", {})
    with pytest.raises(
        ValueError, match=r"earlier version, without --seed\. Choose another"
    ):
        open_run_directory(RECIPE, tmp_path)
    assert read_json(tmp_path / "recipe.json") == kept


def test_a_finished_run_of_another_layout_is_left_alone(tmp_path):
    recipe = make_recipe(workdir=str(tmp_path / "run"))
    path = begin(recipe)
    (path / "metrics.json").write_text('{"version": 1}')
    before = {file: file.read_bytes() for file in list_files(path)}
    with pytest.raises(
        ValueError, match=r"its form is 1, and this .* Choose another --workdir"
    ):
        pipeline.run(recipe)
    assert {file: file.read_bytes() for file in list_files(path)} == before


def list_files(path):
    return [file for file in path.rglob("*") if file.is_file()]


def test_a_command_has_the_flags_that_were_given():
    recipe = make_recipe(seed=0, baseline=False, dataset="folder:my birds")
    assert write_command(recipe) == (
        "python -m ntaa_tf.adapt '--dataset=folder:my birds' --nobaseline "
        "--seed=0"
    )
