"""Splits of attribute data sets never divide a group of images."""

import numpy as np
import pytest

from ntaa_tf.data.attributes import Attribute
from ntaa_tf.data.attributes import RawAttributes
from ntaa_tf.data.attributes import build_table
from ntaa_tf.data.attributes.holding_out import hold_out_groups
from ntaa_tf.data.attributes.holding_out import split_attributes
from ntaa_tf.data.raw import RawSplit

SEEN = ["young", "old"] * 30


def make_raw(seen, groups):
    table, labels = build_table(
        [Attribute("age", ("young", "old"))], [[age] for age in seen]
    )
    images = np.zeros((len(seen), 4, 4, 3), "uint8")
    return RawAttributes(
        "some", table, {"train": RawSplit(images, labels)}, np.array(groups)
    )


@pytest.mark.parametrize("seed", range(3))
def test_groups_are_whole_and_the_share_is_about_right(seed):
    groups = np.repeat(np.arange(20), np.arange(1, 21))
    taken = hold_out_groups(np.zeros(len(groups), int), groups, 0.3, seed)
    assert not set(groups[taken]) & set(groups[~taken])
    assert 0.3 * len(groups) <= taken.sum() <= 0.3 * len(groups) + 20


def test_without_groups_classes_are_in_proportion():
    raw = make_raw(SEEN, range(60))
    splits = split_attributes(raw, 0.25, seed=0)
    assert {name: len(split) for name, split in splits.items()} == {
        "train": 36,
        "test": 12,
        "validation": 12,
    }
    for split in splits.values():
        assert np.ptp(np.bincount(split.labels)) == 0


def test_test_is_the_same_whatever_is_validated():
    raw = make_raw(SEEN, np.arange(60) // 2)
    few, many = (split_attributes(raw, s, seed=1) for s in (0.1, 0.4))
    np.testing.assert_array_equal(few["test"].labels, many["test"].labels)


def test_too_few_groups_and_lost_classes_are_refused():
    with pytest.raises(ValueError, match=r"enough groups.*1 of 1 groups"):
        split_attributes(make_raw(SEEN, [0] * 60), 0.1, seed=0)
    lonely = make_raw(["old", *["young"] * 9], range(10))
    with pytest.raises(ValueError, match=r"class of `age`.*\['old'\]"):
        for seed in range(10):
            split_attributes(lonely, 0.5, seed)
