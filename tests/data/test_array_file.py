"""Arrays in a file are a data set, or are refused by what is wrong."""

import numpy as np
import pytest

from ntaa_tf.data import open_dataset
from ntaa_tf.data.array_file import write_arrays

IMAGES = np.zeros((4, 2, 2, 3), "uint8")
LABELS = np.array([0, 1, 2, 1])


def test_what_was_written_is_opened(tmp_path):
    file = tmp_path / "data.npz"
    splits = {"train": (IMAGES, LABELS), "test": (IMAGES[:2], LABELS[:2])}
    write_arrays(file, splits, ["a", "b", "c"])
    raw = open_dataset(f"arrays:{file}")
    assert raw.class_names == ("a", "b", "c")
    assert set(raw.splits) == {"train", "test"}
    np.testing.assert_array_equal(raw.splits["train"].labels, LABELS)


def test_a_file_without_class_names_has_numbers(tmp_path):
    np.savez(tmp_path / "x.npz", train_images=IMAGES, train_labels=LABELS)
    raw = open_dataset(f"arrays:{tmp_path / 'x.npz'}")
    assert raw.class_names == ("0", "1", "2")


@pytest.mark.parametrize(
    ("arrays", "message"),
    [
        ({"images": IMAGES}, "train_images and"),
        ({"train_images": IMAGES}, "train_labels, class indices"),
        ({"train_images": IMAGES / 2, "train_labels": LABELS}, "float64"),
        ({"train_images": IMAGES, "train_labels": LABELS[:2]}, r"\(2,\)"),
        ({"train_images": IMAGES, "train_labels": LABELS - 1}, "class indices"),
        (
            {
                "train_images": IMAGES,
                "train_labels": LABELS,
                "class_names": np.array(["a", "b"]),
            },
            "each of the 3 labels. Received: 2",
        ),
    ],
)
def test_other_arrays_are_refused(arrays, message, tmp_path):
    np.savez(tmp_path / "x.npz", **arrays)
    with pytest.raises(ValueError, match=message):
        open_dataset(f"arrays:{tmp_path / 'x.npz'}")


def test_another_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match="can't be read"):
        open_dataset(f"arrays:{tmp_path / 'none.npz'}")
    (tmp_path / "x.npz").write_bytes(b"no arrays")
    with pytest.raises(ValueError, match="can't be read"):
        open_dataset(f"arrays:{tmp_path / 'x.npz'}")
