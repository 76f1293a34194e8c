"""A retrieval data set is described, or refused in one line."""

import subprocess
import sys

import pytest

VIEWS = {
    "bounding_box_train": ("0001_c1", "0001_c2", "0002_c1"),
    "query": ("0003_c1",),
    "bounding_box_test": ("0003_c2", "0004_c1"),
}


def describe(*words):
    return subprocess.run(
        [sys.executable, "-m", "ntaa_tf", "describe", *words],
        capture_output=True,
        text=True,
    )


@pytest.fixture
def folder(tmp_path):
    """A folder in Market-1501's layout, whose images are empty."""
    for split, views in VIEWS.items():
        (tmp_path / split).mkdir()
        for view in views:
            (tmp_path / split / f"{view}s1_000001_00.jpg").touch()
    return tmp_path


def test_a_data_set_is_described(folder):
    done = describe("--dataset=market1501", f"--data_dir={folder}")
    assert done.returncode == 0, done.stderr
    warnings, splits = done.stdout.split("split    images  identities")
    assert "has 12936 images. Received: 3" in warnings
    assert [line.split()[:3] for line in splits.splitlines()[1:]] == [
        ["train", "3", "2"],
        ["query", "1", "1"],
        ["gallery", "2", "2"],
    ]


def test_a_missing_data_set_is_one_error(tmp_path):
    done = describe("--dataset=market1501", f"--data_dir={tmp_path}")
    assert done.returncode == 2
    (error,) = [
        line for line in done.stderr.splitlines() if line.startswith("error: ")
    ]
    assert "Expected Market-1501 (https://" in error
    assert "Traceback" not in done.stderr


def test_no_data_set_is_one_error():
    done = describe()
    assert done.returncode == 2
    assert done.stderr.startswith("error: --dataset=NAME is needed")
