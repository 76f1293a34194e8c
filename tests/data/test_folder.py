import os
import re
import shutil

import numpy as np
import pytest

from ntaa_tf.data import open_dataset


def _open(path):
    return open_dataset(f"folder:{path}")


def test_split_layout(image_folder):
    raw = _open(image_folder)
    assert raw.class_names == ("cat", "dog")
    assert {name: len(split) for name, split in raw.splits.items()} == {
        "train": 12,
        "validation": 4,
        "test": 6,
    }
    test = raw.splits["test"]
    np.testing.assert_array_equal(test.labels, [0, 0, 0, 1, 1, 1])
    assert [path.parent.name for path in test.images] == ["cat"] * 3 + [
        "dog"
    ] * 3


def test_val_is_another_name_of_validation(image_folder):
    (image_folder / "validation").rename(image_folder / "val")
    assert len(_open(image_folder).splits["validation"]) == 4


def test_classes_without_splits(image_folder):
    raw = _open(image_folder / "train")
    assert raw.class_names == ("cat", "dog")
    assert list(raw.splits) == ["train"]


def test_only_images_are_listed_at_any_depth(image_folder, write_png):
    cats = image_folder / "train" / "cat"
    write_png(cats / "deeper" / "one.PNG")
    for skipped in (".hidden.png", ".cache/copy.png"):
        write_png(cats / skipped)
    for skipped in (".DS_Store", "Thumbs.db", "notes.txt"):
        (cats / skipped).write_bytes(b"")
    (image_folder / "train" / ".git").mkdir()
    raw = _open(image_folder)
    listed = {path.name for path in raw.splits["train"].images}
    assert listed == {*(f"{index}.png" for index in range(6)), "one.PNG"}
    assert raw.class_names == ("cat", "dog")


def test_missing_folder(tmp_path):
    with pytest.raises(ValueError, match=r"nowhere does not exist"):
        _open(tmp_path / "nowhere")


def test_folder_without_classes(tmp_path, write_png):
    write_png(tmp_path / "lost.png")
    with pytest.raises(ValueError, match="one folder for each class"):
        _open(tmp_path)


def test_split_folder_without_classes(image_folder):
    shutil.rmtree(image_folder / "train" / "cat")
    shutil.rmtree(image_folder / "train" / "dog")
    with pytest.raises(ValueError, match=r"Received: .*train, which has no"):
        _open(image_folder)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_empty_class_folder_is_named(image_folder, split):
    for path in (image_folder / split / "dog").iterdir():
        path.unlink()
    with pytest.raises(ValueError, match=f"empty class folder .*{split}/dog"):
        _open(image_folder)


@pytest.mark.parametrize("split", ["validation", "test"])
def test_class_differences_are_listed(image_folder, split):
    (image_folder / split / "dog").rename(image_folder / split / "bird")
    expected = f"only in `train`: ['dog']; only in `{split}`: ['bird']"
    with pytest.raises(ValueError, match=re.escape(expected)):
        _open(image_folder)


def test_test_without_train_is_not_taken_for_a_class(image_folder):
    shutil.rmtree(image_folder / "train")
    with pytest.raises(ValueError, match="Expected a `train` folder"):
        _open(image_folder)


def test_one_class(image_folder):
    for split in ("train", "validation", "test"):
        shutil.rmtree(image_folder / split / "dog")
    with pytest.raises(ValueError, match=r"at least two classes.*\['cat'\]"):
        _open(image_folder)


def test_a_name_that_is_no_text_is_refused(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9")).mkdir()
    with pytest.raises(ValueError, match=r"in UTF-8. Received: 'caf.udce9'"):
        _open(tmp_path)
