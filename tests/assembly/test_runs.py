"""Where a run is kept: a directory of its own, found again if it is killed."""

import contextlib
import re
import shutil
from pathlib import Path

import pytest

from ntaa_tf.assembly.runs import claim_workdir
from ntaa_tf.assembly.runs import open_workdir
from ntaa_tf.assembly.runs import shorten_names
from ntaa_tf.recipe import Recipe

RECIPE = Recipe(model="vgg19", dataset="folder:my/flowers", seed=3)


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def begin(recipe, finishes=False):
    """Begin a run that is killed after its first stage, or finished."""
    with claim_workdir(recipe) as path:
        open_workdir(recipe, path).run_once("source", lambda _: {})
        if finishes:
            (path / "metrics.json").write_text("{}")
    return path


def test_a_new_run_is_named_after_what_it_does_and_the_time():
    name = str(begin(RECIPE))
    assert re.fullmatch(r"runs/vgg19-flowers-ntaa-\d{8}-\d{6}", name)


def test_the_same_command_goes_on_where_a_killed_one_stopped(caplog):
    caplog.set_level("INFO")
    path = begin(RECIPE)
    assert f"{path}: a new run; should it be stopped" in caplog.text
    assert begin(RECIPE) == path
    assert f"{path}: goes on; should it be stopped" in caplog.text


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
        begin(Recipe(model="vgg19", dataset="folder:my/flowers", seed=4)),
        begin(RECIPE),
    ]
    assert len(set(paths)) == len(paths)


def test_runs_at_the_same_time_have_directories_of_their_own():
    with contextlib.ExitStack() as stack:
        paths = [stack.enter_context(claim_workdir(RECIPE)) for _ in range(3)]
        assert len(set(paths)) == 3
        for path in paths:
            open_workdir(RECIPE, path)
    # All were killed; nothing is begun anew until they are finished.
    assert {begin(RECIPE, finishes=True) for _ in paths} == set(paths)


def test_a_run_that_is_refused_leaves_nothing():
    with pytest.raises(ValueError, match="refused"), claim_workdir(RECIPE):
        raise ValueError("refused")
    assert list(Path("runs").iterdir()) == []


def test_a_directory_that_is_named_is_taken_and_only_once():
    recipe = Recipe(workdir="mine")
    with claim_workdir(recipe) as path:
        assert path == Path("mine")
        with (
            pytest.raises(ValueError, match=r"Another run is using .*mine"),
            claim_workdir(recipe),
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
    shortened = shorten_names(Recipe(model=model, dataset=dataset))
    assert tuple(shortened.values()) == (names[0], names[1].format(here=here))
