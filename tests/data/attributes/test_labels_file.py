"""Folders with `labels.csv` are read, and faulty files refused."""

import pytest

from ntaa_tf.data.attributes import open_attributes
from ntaa_tf.data.attributes import open_labels_file

ROWS = """\
path,split,size,colour,group
a.png,train,10,red,x
b.png,train,9,,x
c.png,train,,blue,y
d.png,test,9,blue,
e.png,train,,,
"""


@pytest.fixture
def write(tmp_path):
    def write(text=ROWS, encoding="utf-8"):
        for name in "abcde":
            (tmp_path / f"{name}.png").write_bytes(b"")
        (tmp_path / "labels.csv").write_text(text, encoding)
        return tmp_path

    return write


def test_columns_are_attributes_and_empty_cells_are_missing(write):
    raw = open_labels_file("some", write())
    size, colour = raw.table.attributes
    assert size.classes == ("9", "10")  # By their numbers, not their letters.
    assert colour.classes == ("blue", "red")
    rows = {
        path.name: raw.table.rows[label].tolist()
        for split in raw.splits.values()
        for path, label in zip(split.images, split.labels, strict=True)
    }
    assert rows == {
        "a.png": [1, 1],
        "b.png": [0, -1],
        "c.png": [-1, 0],
        "d.png": [0, 0],
    }
    assert raw.num_classes == 4


def test_images_of_one_group_stay_together(write):
    raw = open_labels_file("some", write())
    first, second, third = raw.groups
    assert first == second != third
    assert [path.name for path in raw.splits["test"].images] == ["d.png"]


def test_some_attributes_can_be_chosen_and_be_ordinal(write):
    name = f"folder:{write()}"
    raw = open_attributes(name, target="size", ordinal="size")
    (size,) = raw.table.attributes
    assert size.is_ordinal
    assert len(raw.splits["train"]) == 2


def test_a_table_as_a_spreadsheet_writes_it_is_read(write):
    text = ROWS.replace(",", ", ").replace("\n", "\r\n")
    raw = open_labels_file("some", write(text, "utf-8-sig"))
    assert raw.table.names == ("size", "colour")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("file,size\na.png,1\n", r"columns, path among them"),
        ("path,size,size\na.png,1,2\n", r"different columns"),
        ("path,size\na.png,1\na.png,2\n", r"once in labels.csv.*a.png twice"),
        ("path,size\nz.png,1\na.png,2\n", r"1 of 2 missing.*z.png"),
        ("path,size\na.png,1\nb.png,1\n", r"two classes of `size`"),
        (
            "path,group,split,size\na.png,x,train,1\nb.png,x,test,2\n",
            r"each group in one split. Received: x in train and test",
        ),
        ("path\na.png\n", r"`target`. Expected some of the attributes"),
        ("path,a/b\na.png,1\nb.png,2\n", r"attribute names.*'a/b'"),
        ("path,_a\na.png,1\nb.png,2\n", r"begin with.*\['_a'\]"),
        ("path,größe\na.png,1\nb.png,2\n", r"without accents.*größe"),
        ("path,images\na.png,1\nb.png,2\n", r"are not `images`"),
        (
            "path,split,size\na.png,dev,1\nb.png,dev,2\n",
            r"splits .*Received: \['dev'\]",
        ),
    ],
)
def test_faulty_tables_are_refused(write, text, message):
    with pytest.raises(ValueError, match=message):
        open_labels_file("some", write(text))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"target": "hat"}, r"`target`.*\['size', 'colour'\].*'hat'"),
        ({"ordinal": "hat"}, r"`ordinal`.*'hat'"),
    ],
)
def test_unknown_attributes_are_refused(write, choices, message):
    with pytest.raises(ValueError, match=message):
        open_attributes(f"folder:{write()}", **choices)


def test_a_folder_without_a_table_and_other_sets_are_refused(tmp_path):
    with pytest.raises(ValueError, match=r"Expected a file labels.csv"):
        open_attributes(f"folder:{tmp_path}")
    with pytest.raises(ValueError, match=r"`dataset`. Expected adience"):
        open_attributes("cifar10")
