"""Identities are held out, numbered, and decoded with their cameras."""

import functools
import pathlib

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data.retrieval import open_retrieval
from ntaa_tf.data.retrieval import prepare_retrieval

IMAGES = 14


@pytest.fixture
def raw(tmp_path):
    """Ten training identities of 14 images each; three test identities."""
    for identity in range(1, 11):
        for number in range(IMAGES):
            name = f"{identity:04d}_c{1 + number % 2}s1_{number:06d}_00.png"
            write(tmp_path / "bounding_box_train" / name, identity)
    for identity in range(11, 14):
        for camera, part in ((1, "query"), (2, "bounding_box_test")):
            name = f"{identity:04d}_c{camera}s1_000000_00.png"
            write(tmp_path / part / name, identity)
    for name in ("-1_c1s1_000000_00.png", "0000_c2s1_000000_00.png"):
        write(tmp_path / "bounding_box_test" / name, 0)
    return open_retrieval(f"market:{tmp_path}")


def write(path, colour):
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(_encode(colour))


@functools.cache
def _encode(colour):
    return tf.io.encode_png(np.full((12, 6, 3), colour, np.uint8)).numpy()


def test_labels_are_identities_numbered(raw):
    dataset = prepare_retrieval(raw, (8, 4), validation_share=0.2)
    assert dataset.num_classes == 8
    assert dataset.train.images.shape == (8 * IMAGES, 8, 4, 3)
    assert sorted(set(dataset.train.labels)) == list(range(8))
    # The colour of an image is its identity.
    colours = dataset.train.images[:, 0, 0, 0]
    held = set(dataset.validation.query.identities)
    assert len(held) == 2
    known = sorted(set(range(1, 11)) - held)
    np.testing.assert_array_equal(
        np.array(known)[dataset.train.labels], colours
    )


def test_a_trial_keeps_identities_and_cameras(raw):
    test = prepare_retrieval(raw, 8).test
    assert test.query.images.shape == (3, 8, 8, 3)
    np.testing.assert_array_equal(test.query.identities, [11, 12, 13])
    np.testing.assert_array_equal(test.query.cameras, [1, 1, 1])
    assert sorted(test.gallery.identities) == [-1, 0, 11, 12, 13]
    colours = test.gallery.images[:, 0, 0, 0]
    np.testing.assert_array_equal(
        colours, np.maximum(test.gallery.identities, 0)
    )


def test_broken_images_are_dropped_with_their_labels(raw):
    whole = prepare_retrieval(raw, 8, validation_share=0.2)
    colour = whole.train.images[5, 0, 0, 0]
    images = [
        image
        for image in raw.splits["train"].images
        if image.name.startswith(f"{colour:04d}_")
    ]
    images[5].write_bytes(b"broken")
    dataset = prepare_retrieval(raw, 8, validation_share=0.2)
    assert len(dataset.train) == len(whole.train) - 1
    np.testing.assert_array_equal(
        dataset.train.labels, np.delete(whole.train.labels, 5)
    )
    for image in images[:5]:
        image.write_bytes(b"broken")
    with pytest.raises(ValueError, match=r"do not decode; at most 1% may"):
        prepare_retrieval(raw, 8, validation_share=0.2)


def test_few_images_are_those_of_whole_identities(raw):
    dataset = prepare_retrieval(
        raw, 8, train_examples=30, evaluation_examples=2
    )
    assert len(dataset.train) == 3 * IMAGES
    assert dataset.num_classes == 3
    assert set(np.bincount(dataset.train.labels)) == {IMAGES}
    query, gallery = dataset.test.query, dataset.test.gallery
    assert len(query) == 2
    assert set(query.identities) <= set(gallery.identities)
    assert {-1, 0} <= set(gallery.identities)


@pytest.mark.parametrize("seed", range(4))
def test_limited_queries_have_matches(raw, seed):
    """Queries without a match are dropped before the limit, not after."""
    query, gallery = raw.splits["query"], raw.splits["gallery"]
    missing = np.repeat(np.flatnonzero(query.identities == 11), 30)
    query = query.take(np.append(missing, [1, 2]))
    gallery = gallery.take(np.flatnonzero(gallery.identities != 11))
    splits = {**raw.splits, "query": query, "gallery": gallery}
    dataset = prepare_retrieval(
        type(raw)("some", splits), 8, evaluation_examples=1, seed=seed
    )
    assert set(dataset.test.query.identities) == {12, 13}


def test_queries_whose_matches_do_not_decode_are_refused(raw):
    """Few broken images are dropped; here they are all that queries match."""
    gallery = raw.splits["gallery"]
    others = np.repeat(np.flatnonzero(gallery.identities == 0), 300)
    known = np.flatnonzero(gallery.identities > 0)
    gallery = gallery.take(np.append(known, others))
    query = raw.splits["query"].take(np.array([0]))
    splits = {**raw.splits, "query": query, "gallery": gallery}
    pathlib.Path(gallery.images[0]).write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"Invalid test split of `some`"):
        prepare_retrieval(type(raw)("some", splits), 8)


def test_missing_queries_are_an_error(raw):
    splits = {"train": raw.splits["train"]}
    alone = type(raw)("alone", splits)
    with pytest.raises(ValueError, match=r"`alone`. Expected a query and a"):
        prepare_retrieval(alone, 8)
