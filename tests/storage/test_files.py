"""A file is written as a whole or not at all."""

import os
from pathlib import Path

import pytest

from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.files import write_json


class FailureError(Exception):
    """An error while a file is written."""


def write_directory(path, text):
    with write_atomically(path) as unfinished:
        unfinished.mkdir()
        (unfinished / "file").write_text(text)


def test_a_file_appears_when_the_block_ends(tmp_path):
    path = tmp_path / "new" / "file.keras"
    with write_atomically(path) as unfinished:
        unfinished.write_text("whole")
        assert unfinished.suffix == ".keras"
        assert not path.exists()
    assert path.read_text() == "whole"
    assert list(path.parent.iterdir()) == [path]


def test_a_file_is_replaced(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with write_atomically(path) as unfinished:
        unfinished.write_text("new")
        assert path.read_text() == "old"
    assert path.read_text() == "new"


def test_a_directory_is_replaced_with_all_that_is_in_it(tmp_path):
    path = tmp_path / "directory"
    write_directory(path, "old")
    (path / "more").write_text("old")
    write_directory(path, "new")
    assert [file.name for file in path.iterdir()] == ["file"]
    assert (path / "file").read_text() == "new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_file_and_nothing_else(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(FailureError), write_atomically(path) as unfinished:
        unfinished.write_text("half")
        raise FailureError
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_failure_leaves_the_old_directory_and_nothing_else(tmp_path):
    path = tmp_path / "directory"
    write_directory(path, "old")
    with pytest.raises(FailureError), write_atomically(path) as unfinished:
        unfinished.mkdir()
        raise FailureError
    assert (path / "file").read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def test_a_block_that_writes_nothing_is_an_error(tmp_path):
    path = tmp_path / "file"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), write_atomically(path):
        pass
    assert path.read_text() == "old"


def test_json_round_trip(tmp_path):
    data = {"name": "κ", "values": [1, 0.5, None, True]}
    write_json(tmp_path / "data.json", data)
    assert read_json(tmp_path / "data.json") == data
    assert (tmp_path / "data.json").read_text("utf-8").endswith("}\n")


def test_data_that_json_cannot_hold_leaves_the_old_file(tmp_path):
    path = tmp_path / "data.json"
    write_json(path, 1)
    with pytest.raises(TypeError, match="not JSON serializable"):
        write_json(path, object())
    assert read_json(path) == 1
    assert list(tmp_path.iterdir()) == [path]


def test_what_is_written_is_on_the_disk_before_it_has_its_name(
    tmp_path, monkeypatch
):
    flushed = []

    def note(descriptor):
        path = Path(f"/proc/self/fd/{descriptor}").readlink()
        flushed.append((path.name, there()))

    def there():
        return (tmp_path / "model").exists()

    monkeypatch.setattr(os, "fsync", note)
    with write_atomically(tmp_path / "model") as unfinished:
        unfinished.mkdir()
        (unfinished / "weights").touch()
    parts = [("model", False), ("weights", False)]
    assert flushed == [*parts, (tmp_path.name, True)]
