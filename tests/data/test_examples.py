import errno
import os

import numpy as np
import pytest

from ntaa_tf.data import RawSplit
from ntaa_tf.data import examples
from ntaa_tf.data.examples import decode_split


@pytest.fixture
def split_of_200(tmp_path, write_png):
    """200 files of unequal sizes; image `i` is filled with the value `i`."""
    paths = [tmp_path / f"{index:03}.png" for index in range(200)]
    for index, path in enumerate(paths):
        write_png(path, 8 + index % 5, 8 + index % 3, 1 + index % 4, index)
    return RawSplit(paths, np.arange(200))


def test_order_and_labels_survive_the_threads(split_of_200, caplog):
    decoded = decode_split("train", split_of_200, (8, 8), None)
    assert decoded.images.shape == (200, 8, 8, 3)
    assert decoded.images.dtype == np.uint8
    np.testing.assert_array_equal(decoded.images[:, 4, 4, 0], np.arange(200))
    np.testing.assert_array_equal(decoded.labels, np.arange(200))
    assert caplog.messages == []


def test_broken_file_is_dropped_and_named(split_of_200, caplog):
    split_of_200.images[7].write_bytes(b"broken")
    decoded = decode_split("train", split_of_200, (8, 8), None)
    kept = np.delete(np.arange(200), 7)
    np.testing.assert_array_equal(decoded.images[:, 4, 4, 0], kept)
    np.testing.assert_array_equal(decoded.labels, kept)
    assert len(caplog.messages) == 1
    assert "1 of 200 train" in caplog.messages[0]
    assert str(split_of_200.images[7]) in caplog.messages[0]


def test_more_than_one_percent_broken_is_an_error(split_of_200):
    for index in (7, 8, 9):
        split_of_200.images[index].write_bytes(b"broken")
    expected = r"test split: 3 of 200.*at most 1%.*007\.png, .*008\.png"
    with pytest.raises(ValueError, match=expected):
        decode_split("test", split_of_200, (8, 8), None)


def test_broken_bytes_are_named_by_their_position():
    split = RawSplit([b"broken"], np.zeros(1))
    with pytest.raises(ValueError, match="example 0"):
        decode_split("train", split, (8, 8), None)


def test_pixels_beyond_memory_are_mapped(
    split_of_200, caplog, monkeypatch, tmp_path
):
    split_of_200.images[7].write_bytes(b"broken")
    expected = decode_split("train", split_of_200, (8, 8), None)
    monkeypatch.setattr(examples, "MEMORY_LIMIT", 200 * 8 * 8 * 3 - 1)
    mapped = decode_split("train", split_of_200, (8, 8), tmp_path / "cache")
    assert isinstance(mapped.images, np.memmap)
    assert (tmp_path / "cache" / "train.npy").is_file()
    np.testing.assert_array_equal(mapped.images, expected.images)
    np.testing.assert_array_equal(mapped.labels, expected.labels)


def test_pixels_beyond_memory_need_a_cache(split_of_200, monkeypatch):
    monkeypatch.setattr(examples, "MEMORY_LIMIT", 1000)
    with pytest.raises(ValueError, match=r"`cache_dir`.*Received: None"):
        decode_split("train", split_of_200, (8, 8), None)


def test_a_full_disk_is_an_error_before_pixels_are_written(
    split_of_200, tmp_path, monkeypatch
):
    def refuse(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "posix_fallocate", refuse)
    monkeypatch.setattr(examples, "MEMORY_LIMIT", 0)
    with pytest.raises(OSError, match=r"No space .*some\.npy"):
        decode_split("some", split_of_200, (2, 2), cache_dir=tmp_path)
