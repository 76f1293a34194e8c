import dataclasses

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from ntaa_tf.data import RawDataset
from ntaa_tf.data import RawSplit
from ntaa_tf.data import halve
from ntaa_tf.data.split import limit_splits
from ntaa_tf.data.split import split_dataset
from ntaa_tf.data.split import stratified_order


def _members(split):
    return {int(image.flat[0]) for image in split.images}


@hypothesis.settings(deadline=None)
@hypothesis.given(
    counts=strategies.lists(strategies.integers(1, 30), min_size=1, max_size=6),
    seed=strategies.integers(0, 9),
)
def test_every_prefix_is_stratified(counts, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    order = stratified_order(labels, seed)
    np.testing.assert_array_equal(np.sort(order), np.arange(len(labels)))
    for length in range(len(counts), len(labels) + 1):
        held = np.bincount(labels[order[:length]], minlength=len(counts))
        assert held.min() >= 1
        share = np.array(counts) * length / len(labels)
        assert np.abs(held - share).max() <= len(counts)


def test_missing_splits_are_taken_apart_and_stratified(raw_dataset):
    splits = split_dataset(raw_dataset, validation_share=0.125, seed=0)
    held = {name: np.bincount(split.labels) for name, split in splits.items()}
    np.testing.assert_array_equal(held["test"], [16, 6, 2])
    np.testing.assert_array_equal(held["validation"], [8, 3, 1])
    np.testing.assert_array_equal(held["train"], [56, 21, 7])
    members = [_members(split) for split in splits.values()]
    assert set.union(*members) == set(range(120))
    assert sum(map(len, members)) == 120


def test_labels_stay_with_their_images(raw_dataset):
    labels = raw_dataset.splits["train"].labels
    for split in split_dataset(raw_dataset, 0.1, seed=0).values():
        indices = [int(image.flat[0]) for image in split.images]
        np.testing.assert_array_equal(split.labels, labels[indices])


def test_splits_follow_the_seed(raw_dataset):
    first, again, other = (
        _members(split_dataset(raw_dataset, 0.1, seed)["validation"])
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


def test_validation_share_does_not_touch_test(raw_dataset):
    small = split_dataset(raw_dataset, 0.1, seed=0)
    large = split_dataset(raw_dataset, 0.5, seed=0)
    assert _members(small["test"]) == _members(large["test"])
    assert len(small["validation"]) < len(large["validation"])


def test_given_splits_are_kept(raw_dataset):
    given = raw_dataset.splits["train"].take(np.array([0, 80, 110]))
    raw = dataclasses.replace(
        raw_dataset,
        splits={**raw_dataset.splits, "validation": given, "test": given},
    )
    splits = split_dataset(raw, 0.1, seed=0)
    assert splits == raw.splits


def test_rare_class_is_in_every_split():
    labels = np.repeat([0, 1], [200, 3])
    split = RawSplit(np.zeros((203, 1, 1, 3), np.uint8), labels)
    raw = RawDataset("rare", ("many", "few"), {"train": split})
    for taken in split_dataset(raw, 0.1, seed=0).values():
        assert np.sum(taken.labels == 1) == 1


def test_class_too_rare_to_split_is_named():
    labels = np.repeat([0, 1], [200, 2])
    split = RawSplit(np.zeros((202, 1, 1, 3), np.uint8), labels)
    raw = RawDataset("rare", ("many", "few"), {"train": split})
    with pytest.raises(ValueError, match="Received: 2 of class `few`"):
        split_dataset(raw, 0.1, seed=0)


@pytest.mark.parametrize("share", [-0.1, 0, 1, 1.5])
def test_share_out_of_range(raw_dataset, share):
    with pytest.raises(ValueError, match=f"`validation_share`.*{share}"):
        split_dataset(raw_dataset, share, seed=0)


def _limit(raw, train_examples, evaluation_examples, seed=0):
    splits = split_dataset(raw, 0.1, seed=0)
    return limit_splits(splits, 3, train_examples, evaluation_examples, seed)


def test_limits_are_stratified_subsets(raw_dataset):
    everything = _limit(raw_dataset, None, None)
    limited = _limit(raw_dataset, 24, 6)
    assert {name: len(split) for name, split in limited.items()} == {
        "train": 24,
        "validation": 6,
        "test": 6,
    }
    np.testing.assert_array_equal(
        np.bincount(limited["train"].labels), [16, 6, 2]
    )
    for name, split in limited.items():
        assert _members(split) < _members(everything[name])


def test_limit_of_evaluation_is_a_cap(raw_dataset):
    assert len(_limit(raw_dataset, None, 1000)["test"]) == 24


def test_subset_follows_the_seed(raw_dataset):
    first, again, other = (
        _members(_limit(raw_dataset, 24, None, seed)["train"])
        for seed in (0, 0, 1)
    )
    assert first == again
    assert first != other


@pytest.mark.parametrize("count", [0, 2, 87])
def test_train_limit_out_of_range(raw_dataset, count):
    expected = f"--train_examples must be from 3, .* to 86, .*Received: {count}"
    with pytest.raises(ValueError, match=expected):
        _limit(raw_dataset, count, None)


def test_evaluation_limit_below_the_classes(raw_dataset):
    with pytest.raises(ValueError, match=r"`evaluation_examples`.*Received: 2"):
        _limit(raw_dataset, None, 2)


def _count_halves(counts, seed):
    """Halve shuffled classes of these sizes; count each class in each half."""
    labels = np.repeat(np.arange(len(counts)), counts)
    labels = np.random.default_rng(seed).permutation(labels)
    halves = halve(labels, seed)
    # Each example is in exactly one half.
    np.testing.assert_array_equal(
        np.sort(np.concatenate(halves)), np.arange(len(labels))
    )
    return [np.bincount(labels[half], minlength=len(counts)) for half in halves]


@hypothesis.settings(deadline=None)
@hypothesis.given(
    counts=strategies.lists(strategies.integers(1, 30), min_size=1, max_size=6),
    seed=strategies.integers(0, 2**40),
)
@hypothesis.example(counts=[3, 3, 3, 14], seed=0)
@hypothesis.example(counts=[1, 1, 1, 8], seed=0)
@hypothesis.example(counts=[1, 1, 1], seed=2**40)
def test_halves_are_stratified_and_equal_but_for_one_example(counts, seed):
    first, second = _count_halves(counts, seed)
    assert np.abs(first - second).max() <= 1
    assert abs(first.sum() - second.sum()) <= 1
    # The odd examples of classes go to the first half and the second in turn.
    odd = np.flatnonzero(np.array(counts) % 2)
    more = (first - second)[odd]
    np.testing.assert_array_equal(more, (-1) ** np.arange(len(odd)))


def test_halves_follow_the_seed():
    labels = np.arange(60) % 3
    first, again, other = (halve(labels, seed)[0] for seed in (0, 0, 1))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
