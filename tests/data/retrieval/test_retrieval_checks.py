import pathlib

import numpy as np
import pytest

from ntaa_tf.data.retrieval import SETS
from ntaa_tf.data.retrieval import RawViews
from ntaa_tf.data.retrieval.checks import check_matches
from ntaa_tf.data.retrieval.checks import check_splits
from ntaa_tf.data.retrieval.checks import warn_of_counts
from ntaa_tf.data.retrieval.checks import warn_of_single_images


def test_a_training_split_alone_will_do(make_retrieval):
    check_splits(make_retrieval(train=[(1, 1), (2, 1)]))


@pytest.mark.parametrize("split", ["query", "gallery"])
def test_shared_identities_are_counted_and_named(make_retrieval, split):
    pairs = {
        "train": [(identity, 1) for identity in range(1, 20)],
        "query": [(30, 1)],
        "gallery": [(30, 2)],
    }
    pairs[split] = pairs[split] + [(identity, 1) for identity in range(9, 16)]
    expected = rf"in the {split} .*: 7 in both, such as \[9, 10, 11, 12, 13\]$"
    with pytest.raises(ValueError, match=expected):
        check_splits(make_retrieval(**pairs))


def test_junk_and_distractors_are_shared_by_no_one(make_retrieval):
    gallery = [(3, 2), (-1, 1), (0, 1)]
    check_splits(
        make_retrieval(train=[(1, 1), (2, 1)], query=[(3, 1)], gallery=gallery)
    )


def test_one_identity_is_too_few(make_retrieval):
    with pytest.raises(ValueError, match=r"two identities.*Received: \[4\]"):
        check_splits(make_retrieval(train=[(4, 1), (4, 2)]))


def test_first_five_images_of_no_identity_are_named(make_retrieval):
    train = [(1, 1), *[(0, 1)] * 4, *[(-1, 1)] * 3]
    expected = r"Received: 7 images .*/1\.jpg, .*/2\.jpg, .*/5\.jpg$"
    with pytest.raises(ValueError, match=expected):
        check_splits(make_retrieval(train=train))


def test_sizes_that_are_not_official_are_logged(make_retrieval, caplog):
    raw = make_retrieval(
        "personx_visda20", train=[(1, 1), (1, 2), (2, 1), (-1, 1)]
    )
    warn_of_counts(raw, SETS["personx_visda20"])
    assert [record.getMessage() for record in caplog.records] == [
        "personx_visda20: the train split of PersonX as the source of "
        "VisDA-2020 has 20280 images. Received: 4",
        "personx_visda20: the train split of PersonX as the source of "
        "VisDA-2020 has 700 identities. Received: 2",
    ]


def test_official_sizes_are_not_logged(make_retrieval, caplog):
    train = [(index % 1362 + 1, 1) for index in range(3000)]
    warn_of_counts(make_retrieval(train=train), SETS["vehiclex"])
    assert not caplog.records


def test_identities_with_one_image_are_logged_once(make_retrieval, caplog):
    warn_of_single_images(
        make_retrieval("few", train=[(1, 1), (2, 1), (3, 1), (3, 2)])
    )
    (record,) = caplog.records
    assert record.getMessage() == (
        "few: 2 of 3 training identities have a single image, which is "
        "repeated in batches with several images of an identity"
    )


def test_identities_with_several_images_are_not_logged(make_retrieval, caplog):
    warn_of_single_images(make_retrieval(train=[(1, 1), (1, 1)]))
    assert not caplog.records


def test_queries_without_a_match_are_logged(caplog):
    query = make_views([1, 2, 3], [1, 1, 1])
    gallery = make_views([1, 2, 4, 0, -1], [2, 1, 2, 2, 2])
    check_matches("some", query, gallery)
    assert "2 of 3 queries have no match" in caplog.text
    with pytest.raises(ValueError, match=r"`some`. Expected queries whose"):
        check_matches("some", query.take(np.array([1, 2])), gallery)


def make_views(identities, cameras):
    images = [pathlib.Path(f"{index}.png") for index in range(len(cameras))]
    return RawViews(images, np.array(identities), np.array(cameras))
