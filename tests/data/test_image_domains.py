"""Joined domains: train on the sources, test on the target."""

import numpy as np
import pytest

from ntaa_tf.data import RawDataset
from ntaa_tf.data import RawSplit
from ntaa_tf.data import join_domains

TEST, TRAIN = 100, 0


def make_domain(name, class_names, start, per_class=10, splits=("train",)):
    """Images are arrays of one number, which tells them apart."""
    made = {}
    for split in splits:
        labels = np.repeat(np.arange(len(class_names)), per_class)
        offset = start + (TEST if split == "test" else TRAIN)
        images = [np.full((1, 1, 3), offset + i) for i in range(len(labels))]
        made[split] = RawSplit(images, labels)
    return RawDataset(name, tuple(class_names), made)


def list_numbers(split):
    return {int(image.flat[0]) for image in split.images}


def name_labels(raw, split):
    return [raw.class_names[label] for label in raw.splits[split].labels]


def test_weights_learn_from_the_source_and_the_target_is_measured_on():
    source = make_domain("s", "ab", 1000, splits=("train", "test"))
    target = make_domain("t", "ab", 0, splits=("train", "test"))
    joined = join_domains([source], target, 0.2, seed=0)
    assert sorted(joined.splits) == ["test", "train", "validation"]
    learnt = list_numbers(joined.splits["train"])
    held_out = list_numbers(joined.splits["validation"])
    assert learnt | held_out == set(range(1000, 1020))
    assert not learnt & held_out
    assert list_numbers(joined.splits["test"]) == set(range(100, 120))


def test_the_target_judges_by_its_training_images_alone():
    source, target = make_domain("s", "ab", 1000), make_domain("t", "ab", 0)
    joined = join_domains([source], target, 0.2, seed=0, with_target=True)
    judging = list_numbers(joined.splits["target"])
    tested = list_numbers(joined.splits["test"])
    assert judging and tested and not judging & tested
    assert max(judging | tested) < 20


def test_few_labels_are_taken_of_every_class():
    source, target = make_domain("s", "ab", 1000), make_domain("t", "ab", 0)
    joined = join_domains(
        [source],
        target,
        0.2,
        seed=0,
        images_per_class=2,
        with_target=True,
    )
    assert name_labels(joined, "target") == ["a", "a", "b", "b"]


def test_classes_are_matched_by_name_not_by_number():
    source, target = make_domain("s", "bca", 1000), make_domain("t", "abc", 0)
    joined = join_domains([source], target, 0.2, seed=0)
    assert joined.class_names == ("a", "b", "c")
    for split in ("train", "validation"):
        for image, name in zip(
            joined.splits[split].images, name_labels(joined, split), strict=True
        ):
            assert name == "bca"[(int(image.flat[0]) - 1000) // 10]


def test_sources_are_pooled():
    both = ("train", "test")
    sources = [
        make_domain("s", "ab", 1000, splits=both),
        make_domain("r", "ab", 2000, splits=both),
    ]
    joined = join_domains(sources, make_domain("t", "ab", 0), 0.2, seed=0)
    pooled = [joined.splits[name] for name in ("train", "validation")]
    numbers = set().union(*map(list_numbers, pooled))
    assert numbers == {*range(1000, 1020), *range(2000, 2020)}
    assert joined.name == "s+r to t"


def test_a_target_among_the_sources_is_not_tested_on_what_was_learnt():
    target = make_domain("t", "ab", 0)
    joined = join_domains([target], target, 0.2, seed=3)
    learnt = list_numbers(joined.splits["train"])
    assert not learnt & list_numbers(joined.splits["test"])


def test_other_classes_are_refused_and_both_lists_named():
    with pytest.raises(
        ValueError,
        match=r"`s`. Expected the classes of `t`. Received: only in `s`: "
        r"\['x'\]; only in `t`: \['b', 'c'\]",
    ):
        join_domains(
            [make_domain("s", "ax", 1000)], make_domain("t", "abc", 0), 0.2, 0
        )
