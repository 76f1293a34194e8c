import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from ntaa_tf.data.retrieval import index_identities
from ntaa_tf.data.retrieval import join_training_views


@hypothesis.settings(deadline=None)
@hypothesis.given(strategies.lists(strategies.integers(1, 2**40), min_size=1))
def test_labels_give_the_identities_back(identities):
    labels, unique = index_identities(np.array(identities))
    np.testing.assert_array_equal(unique[labels], identities)
    np.testing.assert_array_equal(np.unique(labels), np.arange(len(unique)))
    assert (np.diff(unique) > 0).all()


@pytest.mark.parametrize("identity", [-1, 0])
def test_junk_and_distractors_are_no_classes(identity):
    with pytest.raises(ValueError, match=rf"Received: \[{identity}\]"):
        index_identities(np.array([3, identity, identity]))


def test_identities_and_cameras_of_several_sets_stay_apart(make_retrieval):
    real = make_retrieval(
        "real",
        train=[(1, 1), (5, 2)],
        query=[(7, 3)],
        gallery=[(9, 3), (-1, 1), (0, 1)],
    )
    made = make_retrieval("made", train=[(1, 1), (1, 4), (5, 1)])
    more = make_retrieval("more", train=[(1, 1)], query=[(2, 1)])
    joined = join_training_views([real, made, more])
    assert joined.name == "real+made+more"
    train = joined.splits["train"]
    assert train.identities.tolist() == [1, 5, 10, 10, 14, 15]
    assert train.cameras.tolist() == [1, 2, 4, 7, 4, 8]
    assert train.images == [
        path
        for raw in (real, made, more)
        for path in raw.splits["train"].images
    ]
    assert joined.splits["query"] is real.splits["query"]
    assert joined.splits["gallery"] is real.splits["gallery"]
    assert made.splits["train"].identities.tolist() == [1, 1, 5]


PAIRS = strategies.lists(
    strategies.tuples(strategies.integers(1, 30), strategies.integers(1, 12)),
    min_size=1,
    max_size=12,
)


@hypothesis.settings(
    deadline=None,
    suppress_health_check=[hypothesis.HealthCheck.function_scoped_fixture],
)
@hypothesis.given(sets=strategies.lists(PAIRS, min_size=1, max_size=4))
def test_two_views_are_of_one_identity_as_before(make_retrieval, sets):
    joined = join_training_views(
        [make_retrieval(train=pairs) for pairs in sets]
    )
    train = joined.splits["train"]
    before = [
        (index, *pair) for index, pairs in enumerate(sets) for pair in pairs
    ]
    for column, after in ((1, train.identities), (2, train.cameras)):
        numbers = [(row[0], row[column]) for row in before]
        renamed = set(zip(numbers, after.tolist(), strict=True))
        assert len(renamed) == len(set(numbers)) == len(set(after.tolist()))


def test_first_data_set_may_be_for_training_only(make_retrieval):
    made = make_retrieval("made", train=[(1, 1)])
    assert list(join_training_views([made, made]).splits) == ["train"]
    assert join_training_views([made]).splits == made.splits


def test_nothing_to_combine():
    with pytest.raises(ValueError, match="at least one data set"):
        join_training_views([])


@pytest.mark.parametrize("identity", [-1, 0])
def test_junk_and_distractors_are_not_combined(make_retrieval, identity):
    good = make_retrieval("good", train=[(1, 1)])
    bad = make_retrieval("bad", train=[(1, 1), (identity, 1)])
    with pytest.raises(ValueError, match="train split of `bad`"):
        join_training_views([good, bad])
