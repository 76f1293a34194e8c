"""Text files beside a folder list its splits; errors name the fault."""

import pytest

from ntaa_tf.data import open_dataset

TRAIN = """real/zebra/a picture.jpg 1
real/ant/1.jpg 0

real/ant/2.jpg 0
"""
TEST = "real/zebra/3.jpg 1\n"


@pytest.fixture
def domain(tmp_path):
    """A domain as DomainNet's: empty files, as nothing is decoded."""
    for file in (
        "zebra/a picture.jpg",
        "zebra/3.jpg",
        "ant/1.jpg",
        "ant/2.jpg",
    ):
        path = tmp_path / "real" / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    return tmp_path / "real"


def open_with(domain, train=TRAIN, test=TEST):
    for split, text in (("train", train), ("test", test)):
        if text is not None:
            domain.with_name(f"real_{split}.txt").write_text(text, "utf-8")
    return open_dataset(f"folder:{domain}")


def test_splits_are_those_of_the_lists(domain):
    raw = open_with(domain)
    assert raw.class_names == ("ant", "zebra")
    train, test = raw.splits["train"], raw.splits["test"]
    assert [path.name for path in train.images] == [
        "a picture.jpg",
        "1.jpg",
        "2.jpg",
    ]
    assert train.labels.tolist() == [1, 0, 0]
    assert [str(path.parent.name) for path in test.images] == ["zebra"]
    assert sorted(raw.splits) == ["test", "train"]


def test_labels_decide_the_order_of_classes(domain):
    swapped = TRAIN.translate(str.maketrans("01", "10")).replace(
        "0.jpg", "1.jpg"
    )
    raw = open_with(domain, swapped, "real/zebra/3.jpg 0\n")
    assert raw.class_names == ("zebra", "ant")


def test_the_current_folder_may_be_opened(domain, monkeypatch):
    open_with(domain)
    monkeypatch.chdir(domain)
    assert sorted(open_dataset("folder:.").splits) == ["test", "train"]


def test_without_lists_the_folder_is_read(domain):
    raw = open_dataset(f"folder:{domain}")
    assert list(raw.splits) == ["train"]
    assert len(raw.splits["train"]) == 4


@pytest.mark.parametrize(
    ("lists", "message"),
    [
        ({"train": None}, r"Expected real_train.txt beside .* only real_test"),
        ({"train": "real/ant/1.jpg\n"}, r"Expected lines such as.*in line 1"),
        ({"train": "real/1.jpg 0\n"}, r"Expected lines such as.*in line 1"),
        ({"train": "fake/ant/1.jpg 0\n"}, r"Expected lines such as `real/"),
        ({"test": "\n"}, r"Expected images in .*real_test.txt.*empty list"),
        ({"test": "real/zebra/3.jpg 0\n"}, r"Expected one label for each"),
        ({"test": "real/zebra/3.jpg 2\n"}, r"Expected one label for each"),
        ({"test": "real/zebra/4.jpg 1\n"}, r"no file .*zebra/4.jpg"),
    ],
)
def test_faulty_lists_are_refused(domain, lists, message):
    with pytest.raises(ValueError, match=message):
        open_with(domain, **lists)
