import pathlib
import re

import hypothesis
import pytest
from hypothesis import strategies

from ntaa_tf.data.retrieval import SETS
from ntaa_tf.data.retrieval import parse_name
from ntaa_tf.data.retrieval import sets
from ntaa_tf.data.retrieval.grammar import parse_names

GRAMMARS = {name: source.grammar for name, source in SETS.items()} | {
    "market:": sets.LIKE_MARKET.grammar
}

EXAMPLES = {
    "market1501": (2, 1),
    "cuhk03_detected": (1, 1),
    "cuhk03_labeled": (1, 1),
    "veri776": (1, 1),
    "vehiclex": (1, 1),
    "personx": (1, 12),
    "personx_visda20": (1, 12),
    "market:": (2, 1),
}

READ = [
    ("market1501", "-1_c3s2_000451_03.jpg", (-1, 3)),
    ("market1501", "0000_c6s1_000451_03.jpg", (0, 6)),
    ("market1501", "1501_c2s3_068767_00.jpg.jpg", (1501, 2)),
    ("market1501", "1501_c2s3_068767_00.jpg.jpg.jpg", (1501, 2)),
    ("cuhk03_detected", "1467_c2_5.jpg", (1467, 2)),
    ("cuhk03_labeled", "0017_c2.png", (17, 2)),
    ("veri776", "0776_c020_00085680_1.jpg", (776, 20)),
    ("vehiclex", "1362_c036_12.jpg", (1362, 36)),
    ("personx", "0001_c3s1_24.jpg", (1, 3)),
    ("personx_visda20", "700_c10s1_1.jpg", (700, 10)),
    ("market:", "-1_c15s1_000000_00.png", (-1, 15)),
    ("market:", "0001_c2_f0046182.jpg", (1, 2)),
    ("market:", "12345_c1s1_000451_03.JPEG", (12345, 1)),
]

IGNORED = [
    *("Thumbs.db", "desktop.ini", "train_label.xml", "README", "", "."),
    *(".DS_Store", ".jpg", "._0002_c1s1_000451_03.jpg", ".hidden.png"),
    "0002_c1s1_000451_03.jpg.txt",
]

WRONG = [
    ("market1501", "0002_c12s1_000451_03.jpg"),
    ("market1501", "0002_c7s1_000451_03.jpg"),
    ("market1501", "0002_c0s1_000451_03.jpg"),
    ("market1501", "-2_c1s1_000451_03.jpg"),
    ("market1501", "-0001_c1s1_000451_03.jpg"),
    ("market1501", "002_c1s1_000451_03.jpg"),
    ("market1501", "0002_c1s1_000451_03.png"),
    ("market1501", "0002_c1s1_000451_03.jpg\n.jpg"),
    ("market1501", "copy of 0002_c1s1_000451_03.jpg"),
    ("market1501", "0002_c1s1_000451_03 (1).jpg"),
    ("market1501", "1_c2/0002_c1s1_000451_03.jpg"),
    ("market1501", "٠٠٠٢_c1s1_000451_03.jpg"),
    ("cuhk03_detected", "0001_c12_1.png"),
    ("cuhk03_detected", "1_001_1_01.png"),
    ("veri776", "0001_c01_00016450_0.jpg"),
    ("veri776", "0001_c001_33.jpg"),
    ("vehiclex", "0001_c001_00016450_0.jpg"),
    ("vehiclex", "0001_c1_33.jpg"),
    ("personx", "-1_c3s1_24.jpg"),
    ("personx", "0001_c3s1_24_00.jpg"),
    ("personx", f"{10**30}_c3s1_24.jpg"),
    ("personx", "0001_c99999s1_24.jpg"),
    ("market:", "photo.jpg"),
    ("market:", "0001.jpg"),
    ("market:", "0001_cams1_000451_03.jpg"),
]


def test_every_data_set_has_an_example_here():
    assert set(EXAMPLES) == set(GRAMMARS)


@pytest.mark.parametrize(("name", "expected"), EXAMPLES.items())
def test_the_example_of_a_grammar_is_of_it(name, expected):
    grammar = GRAMMARS[name]
    assert parse_name(grammar.example, grammar) == expected


@pytest.mark.parametrize(("name", "file", "expected"), READ)
def test_identity_and_camera_are_read(name, file, expected):
    assert parse_name(file, GRAMMARS[name]) == expected


@pytest.mark.parametrize("name", GRAMMARS)
@pytest.mark.parametrize("file", IGNORED)
def test_other_files_are_ignored(name, file):
    assert parse_name(file, GRAMMARS[name]) is None


@pytest.mark.parametrize(("name", "file"), WRONG)
def test_an_image_of_another_name_is_an_error(name, file):
    expected = f"such as `{GRAMMARS[name].example}`"
    with pytest.raises(ValueError, match=re.escape(expected)) as raised:
        parse_name(file, GRAMMARS[name])
    received = f"Received: 1 of 1 names differ, first {file}"
    assert received in str(raised.value)


@pytest.mark.parametrize(
    ("file", "suggests"),
    [
        ("0001_c7s1_000001_00.jpg", True),
        ("12_c1s1_000001_00.png", True),
        ("somebody.jpg", False),
    ],
)
def test_names_like_markets_are_referred_to_market_path(file, suggests):
    with pytest.raises(ValueError, match=re.escape(file)) as error:
        parse_names([file], GRAMMARS["market1501"])
    assert ("--dataset=market:PATH accepts" in str(error.value)) == suggests
    with pytest.raises(ValueError, match=re.escape(file)) as error:
        parse_names([file], GRAMMARS["veri776"])
    assert "market:PATH" not in str(error.value)


def test_wrong_names_are_counted_and_the_first_five_named():
    good = "0002_c1s1_000451_03.jpg"
    wrong = [f"image{index}.jpg" for index in range(7)]
    expected = (
        r"in folder\. .*camera 1 to 6.*: 7 of 8 names differ, first "
        r"image0.jpg, image1.jpg, image2.jpg, image3.jpg, image4.jpg$"
    )
    with pytest.raises(ValueError, match=expected):
        parse_names(
            ["Thumbs.db", *wrong, good],
            GRAMMARS["market1501"],
            pathlib.Path("folder"),
        )


# Pieces of names, so that many of the random ones are nearly right.
PIECES = strategies.one_of(
    strategies.sampled_from(
        ["-1", "0002", "_c", "12", "s1", "_", ".jpg", ".db", "/", "\n", "٣"]
    ),
    strategies.text(max_size=3),
)


@hypothesis.settings(deadline=None)
@hypothesis.given(
    name=strategies.sampled_from(sorted(GRAMMARS)),
    file=strategies.lists(PIECES, max_size=12).map("".join),
)
def test_any_name_is_read_ignored_or_refused(name, file):
    try:
        parsed = parse_name(file, GRAMMARS[name])
    except ValueError as error:
        assert str(error).startswith("Invalid names of images. Expected")
        return
    if parsed is not None:
        identity, camera = parsed
        assert -1 <= identity < 2**63
        assert 0 <= camera < 2**63


@hypothesis.settings(deadline=None)
@hypothesis.given(
    name=strategies.sampled_from(sorted(GRAMMARS)),
    identity=strategies.integers(0, 9999),
    camera=strategies.integers(1, 6),
    number=strategies.integers(0, 10**6),
)
def test_what_is_written_is_read(name, identity, camera, number):
    pattern = {
        "market1501": "{i:04d}_c{c}s1_{n}_00.jpg",
        "market:": "{i}_c{c}s1_{n}_00.png",
        "cuhk03_detected": "{i}_c{c}_{n}.png",
        "cuhk03_labeled": "{i}_c{c}_{n}.png",
        "veri776": "{i:04d}_c{c:03d}_{n}_0.jpg",
        "vehiclex": "{i:04d}_c{c:03d}_{n}.jpg",
        "personx": "{i:04d}_c{c}s1_{n}.jpg",
        "personx_visda20": "{i:04d}_c{c}s1_{n}.jpg",
    }[name]
    file = pattern.format(i=identity, c=camera, n=number)
    assert parse_name(file, GRAMMARS[name]) == (identity, camera)
