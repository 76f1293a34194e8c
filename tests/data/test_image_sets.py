import pytest

from ntaa_tf.data import open_dataset
from ntaa_tf.data.image_sets import EMBEDDED


@pytest.mark.parametrize("name", EMBEDDED)
def test_every_embedded_data_set_opens_under_its_name(name):
    raw = open_dataset(name)
    assert raw.name == name
    assert len(raw.class_names) == raw.splits["train"].labels.max() + 1


@pytest.mark.parametrize(
    ("name", "suggestion"),
    [("digit", "digits"), ("cifra10", "cifar10"), ("cifar10:0.0.1", "cifar10")],
)
def test_unknown_name_suggests_close_ones(name, suggestion):
    expected = rf"Received: '{name}' \(did you mean.* {suggestion}\b"
    with pytest.raises(ValueError, match=expected):
        open_dataset(name)


@pytest.mark.parametrize("name", ["", "no such set", "../x"])
def test_unknown_name_says_what_is_accepted(name):
    expected = "digits0to4, digits5to9, folder:PATH, .*tensorflow-datasets"
    with pytest.raises(ValueError, match=expected):
        open_dataset(name)


def test_home_directory_is_expanded(image_folder, monkeypatch):
    monkeypatch.setenv("HOME", str(image_folder.parent))
    raw = open_dataset(f"folder:~/{image_folder.name}")
    assert raw.class_names == ("cat", "dog")


def test_the_name_of_a_folder_is_told_apart(tmp_path, monkeypatch):
    (tmp_path / "images").mkdir()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="Did you mean --dataset=folder:imag"):
        open_dataset("images")
