import re
import shutil

import numpy as np
import pytest

from ntaa_tf.data import raw as raw_data
from ntaa_tf.data.retrieval import SETS
from ntaa_tf.data.retrieval import known_sets
from ntaa_tf.data.retrieval import open_retrieval

# Image names of each data set.
NAMES = {
    "market1501": "{identity:04d}_c{camera}s1_{number:06d}_00.jpg",
    "cuhk03_detected": "{identity:04d}_c{camera}_{number}.png",
    "cuhk03_labeled": "{identity:04d}_c{camera}_{number}.png",
    "veri776": "{identity:04d}_c{camera:03d}_{number:08d}_0.jpg",
    "vehiclex": "{identity:04d}_c{camera:03d}_{number}.jpg",
    "personx": "{identity:04d}_c{camera}s1_{number}.jpg",
    "personx_visda20": "{identity:04d}_c{camera}s1_{number}.jpg",
}
# Published numbers of images and identities.
OFFICIAL = {
    "market1501": [(12936, 751), (3368, 750), (19732, None)],
    "cuhk03_detected": [(7365, 767), (1400, 700), (5332, 700)],
    "cuhk03_labeled": [(7368, 767), (1400, 700), (5328, 700)],
    "veri776": [(37778, None), (1678, None), (11579, None)],
    "vehiclex": [(None, 1362)],
    "personx": [(9840, 410), (5136, 856), (30816, 856)],
    "personx_visda20": [(20280, 700)],
}


def _open(folder):
    return open_retrieval(f"market:{folder}")


def _read(split):
    return list(
        zip(split.identities.tolist(), split.cameras.tolist(), strict=True)
    )


def test_market_layout(market_folder, pairs_of_splits):
    raw = _open(market_folder)
    assert raw.name == f"market:{market_folder}"
    assert list(raw.splits) == ["train", "query", "gallery"]
    for name, split in raw.splits.items():
        assert _read(split) == pairs_of_splits[name]
        assert split.identities.dtype == split.cameras.dtype == np.int64
        assert split.images == sorted(split.images)
        assert all(path.is_file() for path in split.images)


def test_home_directory_is_expanded(market_folder, monkeypatch):
    monkeypatch.setenv("HOME", str(market_folder.parent))
    assert len(_open(f"~/{market_folder.name}").splits["query"]) == 2


def test_nothing_is_decoded(market_folder, monkeypatch):
    monkeypatch.setattr(raw_data, "try_decode", None)
    assert len(_open(market_folder).splits["train"]) == 5


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("is_home", [False, True])
def test_every_data_set_opens(
    name, is_home, tmp_path, write_views, pairs_of_splits
):
    source = SETS[name]
    root = tmp_path / source.homes[-1] if is_home else tmp_path
    for split, folder in source.folders.items():
        write_views(root / folder, pairs_of_splits[split], NAMES[name])
    (root / "train_label.xml").touch()
    raw = open_retrieval(name, str(tmp_path))
    assert raw.name == name
    assert list(raw.splits) == list(source.folders)
    for split in raw.splits:
        assert _read(raw.splits[split]) == pairs_of_splits[split]


def test_images_are_read_when_their_size_is_asked_for(market_folder, write_png):
    for path in (market_folder / "bounding_box_train").iterdir():
        write_png(path, height=8, width=4)
    assert _open(market_folder).image_size == (8, 4)


def test_unusual_sizes_are_logged(market_folder, caplog):
    (market_folder / "bounding_box_train" / "0005_c1s1_1_0.jpg").touch()
    open_retrieval("market1501", str(market_folder))
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 6
    assert "Market-1501 has 751 identities. Received: 3" in messages[1]
    assert "1 of 3 training identities have a single image" in messages[-1]


def test_every_data_set_is_written_down_here():
    assert set(NAMES) == set(OFFICIAL) == set(SETS)


@pytest.mark.parametrize("name", SETS)
def test_official_sizes(name):
    counts = SETS[name].counts
    assert list(counts) == list(SETS[name].folders)
    assert [
        (count.images, count.identities) for count in counts.values()
    ] == OFFICIAL[name]


def test_only_names_of_files_are_read(tmp_path, write_views, pairs_of_splits):
    root = tmp_path / "1_c2" / "0007_c5s1_000001_00.jpg"
    for split, folder in SETS["market1501"].folders.items():
        write_views(root / folder, pairs_of_splits[split])
    raw = open_retrieval("market1501", str(root))
    assert _read(raw.splits["train"]) == pairs_of_splits["train"]


def test_only_images_are_listed(market_folder, caplog):
    train = market_folder / "bounding_box_train"
    for skipped in ("Thumbs.db", ".hidden.jpg", "notes.txt"):
        (train / skipped).write_bytes(b"")
    (train / ".cache").mkdir()
    (train / "0005_c1s1_000009_00.jpg.jpg").touch()
    raw = _open(market_folder)
    assert _read(raw.splits["train"])[-1] == (5, 1)
    assert len(raw.splits["train"]) == 6
    assert "Ignored" not in caplog.text


def test_ignored_folders_are_logged(market_folder, caplog):
    (market_folder / "query" / "0009_c1s1_000009_00.jpg").mkdir()
    assert len(_open(market_folder).splits["query"]) == 2
    assert "Ignored 1 folders in" in caplog.text
    assert "0009_c1s1_000009_00.jpg" in caplog.text


def test_junk_and_distractors_stay_in_the_gallery(market_folder, write_views):
    gallery = market_folder / "bounding_box_test"
    write_views(gallery, [(-1, 6), (0, 5)], "{identity}_c{camera}s1_1_0.jpg")
    read = _read(_open(market_folder).splits["gallery"])
    assert sorted(read)[:3] == [(-1, 6), (0, 5), (3, 2)]


@pytest.mark.parametrize("identity", [-1, 0])
@pytest.mark.parametrize("split", ["train", "query"])
def test_junk_and_distractors_belong_in_the_gallery_only(
    market_folder, identity, split
):
    folder = market_folder / SETS["market1501"].folders[split]
    (folder / f"{identity}_c1s1_1_0.jpg").touch()
    expected = rf"{split} split of `market:.*: 1 images .*/{identity}_c1s1_1_0"
    with pytest.raises(ValueError, match=expected):
        _open(market_folder)


def test_wrong_names_are_named_with_their_folder(market_folder):
    (market_folder / "query" / "holiday.jpg").touch()
    expected = r"/query\. Expected .*Received: 1 of 3 .* holiday\.jpg$"
    with pytest.raises(ValueError, match=expected):
        _open(market_folder)


@pytest.mark.parametrize("split", ["train", "query", "gallery"])
def test_split_without_images(market_folder, split):
    folder = market_folder / SETS["market1501"].folders[split]
    for path in folder.iterdir():
        path.unlink()
    (folder / "Thumbs.db").touch()
    expected = rf"images such as .* in {folder}\. Received: no images"
    with pytest.raises(ValueError, match=expected):
        _open(market_folder)


@pytest.mark.parametrize("folder", SETS["market1501"].folders.values())
def test_missing_folder_is_named(market_folder, folder):
    shutil.rmtree(market_folder / folder)
    expected = (
        r"Expected Market-1501 \(https://.*\): a folder of `bounding_box_train`"
        r", `query`, `bounding_box_test` with images such as `0002_.*`, or a "
        r"folder that has it as Market-1501-v15\.09\.15, .*"
        rf"Received: {market_folder} without {folder} "
    )
    with pytest.raises(ValueError, match=expected):
        open_retrieval("market1501", str(market_folder))


@pytest.mark.parametrize("name", SETS)
def test_missing_data_set_has_its_address_in_the_message(name, tmp_path):
    source = SETS[name]
    expected = re.escape(f"Expected {source.title} ({source.address}): a ")
    with pytest.raises(ValueError, match=expected + ".*nowhere, which is no"):
        open_retrieval(name, str(tmp_path / "nowhere"))


@pytest.mark.parametrize("name", SETS)
def test_missing_data_dir_has_the_address_in_the_message(name):
    expected = re.escape(SETS[name].address)
    with pytest.raises(ValueError, match=rf"`data_dir`.*{expected}.*: None"):
        open_retrieval(name)


def test_folder_of_something_else(tmp_path):
    with pytest.raises(ValueError, match=f"{tmp_path} without these folders"):
        _open(tmp_path)


@pytest.mark.parametrize(
    ("name", "suggestion"), [("market", "market1501"), ("veri", "veri776")]
)
def test_unknown_name_suggests_close_ones(name, suggestion):
    expected = rf"Received: '{name}' \(did you mean.* {suggestion}\b"
    with pytest.raises(ValueError, match=expected):
        open_retrieval(name, ".")


@pytest.mark.parametrize("name", ["", "no such set", "../x"])
def test_unknown_name_lists_the_choices(name):
    expected = f"{', '.join(SETS)}, or {known_sets.MARKET_PREFIX}PATH"
    with pytest.raises(ValueError, match=expected):
        open_retrieval(name, ".")
