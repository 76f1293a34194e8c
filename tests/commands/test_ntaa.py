"""One command has all commands, each with its own flags."""

import subprocess
import sys

import pytest

from ntaa_tf.commands.ntaa import COMMANDS

PROGRAM = "from ntaa_tf.commands.ntaa import start; start()"


def call(*words):
    return subprocess.run(
        [sys.executable, "-c", PROGRAM, *words], capture_output=True, text=True
    )


@pytest.mark.parametrize("words", [[], ["--help"]])
def test_without_a_command_it_lists_them(words):
    done = call(*words)
    assert done.returncode == 0
    for name in COMMANDS:
        assert f"ntaa {name} --" in done.stdout


@pytest.mark.parametrize(
    ("name", "flag"),
    [
        ("adapt", "--dataset"),
        ("predict", "--top"),
        ("pretrain", "--out"),
        ("compare", "--methods"),
        ("launch", "--workers"),
        ("describe", "--data_dir"),
    ],
)
def test_each_command_has_its_own_help(name, flag):
    done = call(name, "--help")
    assert done.returncode == 0
    assert flag in done.stdout


def test_the_package_itself_is_the_command():
    done = subprocess.run(
        [sys.executable, "-m", "ntaa_tf", "launch", "--help"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0
    assert done.stdout.startswith("Start several workers")


def test_inspect_trains_nothing(tmp_path):
    done = call("inspect", "--dataset=nothing", "--model=digits0to4")
    assert done.returncode == 2
    assert "`dataset`" in done.stderr


def test_another_word_is_told_by_the_nearest_command():
    done = call("adpat")
    assert done.returncode == 2
    assert "Did you mean `ntaa adapt`?" in done.stderr
