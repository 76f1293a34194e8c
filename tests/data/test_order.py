"""Orders of examples: balanced batches, shuffled epochs."""

import hypothesis
import numpy as np
import pytest
from hypothesis import strategies

from ntaa_tf.data.order import BalancedOrder
from ntaa_tf.data.order import ShuffledOrder


def read_epoch(order, epoch=0):
    return np.stack([order.choose(epoch, step) for step in range(order.steps)])


@strategies.composite
def draw_settings(draw):
    """Sizes of the classes, classes in a batch, examples of each."""
    sizes = draw(strategies.lists(strategies.integers(1, 13), min_size=2))
    classes = draw(strategies.integers(1, len(sizes)))
    examples = draw(strategies.integers(1, 5))
    return np.array(sizes), classes, examples


@hypothesis.settings(deadline=None, max_examples=100)
@hypothesis.given(settings=draw_settings(), seed=strategies.integers(0, 2**40))
def test_batches_are_balanced(settings, seed):
    sizes, classes, examples = settings
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    order = BalancedOrder(labels, classes, examples, seed)
    batches = read_epoch(order)
    assert batches.shape == (order.steps, classes * examples)
    for batch in batches:
        groups = labels[batch].reshape(classes, examples)
        assert (groups == groups[:, :1]).all()
        assert len(set(groups[:, 0])) == classes
    taken = np.bincount(batches.reshape(-1), minlength=len(labels))
    is_small = sizes[labels] < examples
    assert (taken[~is_small] <= 1).all()


@hypothesis.settings(deadline=None, max_examples=50)
@hypothesis.given(settings=draw_settings())
def test_no_more_batches_could_be_filled(settings):
    """One batch more would need more groups than the classes have."""
    sizes, classes, examples = settings
    labels = np.repeat(np.arange(len(sizes)), sizes)
    steps = BalancedOrder(labels, classes, examples, seed=0).steps
    groups = np.maximum(1, sizes // examples)
    assert np.minimum(groups, steps).sum() >= classes * steps
    more = steps + 1
    assert np.minimum(groups, more).sum() < classes * more


def test_equal_classes_are_visited_whole():
    labels = np.repeat(np.arange(6), 4)
    batches = read_epoch(BalancedOrder(labels, 3, 2, seed=0))
    assert sorted(batches.reshape(-1)) == list(range(24))


@pytest.mark.parametrize(
    "order",
    [
        ShuffledOrder(np.arange(20), 4, seed=3),
        BalancedOrder(np.repeat(np.arange(5), 4), 2, 2, seed=3),
    ],
)
def test_epochs_differ_and_each_is_always_the_same(order):
    first, second = read_epoch(order, 0), read_epoch(order, 1)
    assert (first != second).any()
    np.testing.assert_array_equal(first, read_epoch(order, 0))


def test_all_examples_of_a_class_take_their_turn():
    labels = np.repeat(np.arange(4), 7)
    order = BalancedOrder(labels, 4, 4, seed=0)
    seen = [read_epoch(order, epoch).reshape(-1) for epoch in range(30)]
    assert set(np.concatenate(seen)) == set(range(28))


def test_an_equal_part_of_a_batch_holds_whole_classes():
    labels = np.repeat(np.arange(8), 4)
    for batch in read_epoch(BalancedOrder(labels, 4, 4, seed=0)):
        first, second = np.split(labels[batch], 2)
        assert len(set(first)) == len(set(second)) == 2
        assert not set(first) & set(second)


@pytest.mark.parametrize("classes", [0, 4])
def test_more_classes_than_there_are_is_an_error(classes):
    with pytest.raises(ValueError, match=r"`batch_size`.*1 to 3 classes"):
        BalancedOrder(np.array([0, 1, 2]), classes, 2, seed=0)
