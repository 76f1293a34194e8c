"""Images that judge changes are learnt from by no weight of the search."""

import logging

import numpy as np
import pytest

from ntaa_tf.assembly.streams import find_judging
from ntaa_tf.assembly.streams import limit_search
from ntaa_tf.assembly.streams import list_streams
from ntaa_tf.data import Examples
from ntaa_tf.data import ImageDataset
from ntaa_tf.recipe import make_recipe


def make_dataset(counts, target=None):
    """A data set with so many images of each class."""
    labels = np.repeat(np.arange(len(counts)), counts)
    train = Examples(np.zeros((len(labels), 1, 1, 3), np.uint8), labels)
    names = tuple(map(str, range(len(counts))))
    return ImageDataset("numbers", names, train, train, train, target=target)


def chosen(stream):
    return set(stream.chosen.tolist())


def test_a_fifth_of_each_class_is_held_out():
    dataset = make_dataset((50, 100, 200))
    recipe = make_recipe(seed=3)
    (weights,) = list_streams(recipe, dataset)
    judging = find_judging(recipe, dataset)
    assert len(judging) == 70
    assert chosen(weights) | chosen(judging) == set(range(350))
    labels = dataset.train.labels[judging.chosen]
    np.testing.assert_array_equal(np.bincount(labels), (10, 20, 40))


def test_a_small_class_is_learnt_from():
    dataset = make_dataset((400, 1, 2))
    judging = find_judging(make_recipe(), dataset)
    assert set(dataset.train.labels[judging.chosen]) == {0}


def test_large_data_hold_out_no_more_than_are_of_use():
    dataset = make_dataset((9000, 9000))
    assert len(find_judging(make_recipe(), dataset)) == 2000


@pytest.mark.parametrize(
    "choices",
    [
        {"price": 0.0},
        {"end": "paper"},
        {"preset": "paper"},
        {"method": "finetune"},
        {"method": "random"},
    ],
)
def test_all_images_are_learnt_from_where_nothing_is_judged(choices):
    dataset = make_dataset((50, 100))
    recipe = make_recipe(**choices)
    assert find_judging(recipe, dataset) is None
    (weights,) = list_streams(recipe, dataset)
    assert len(weights) == 150


def test_the_images_of_the_logits_judge_a_bilevel_search():
    dataset = make_dataset((50, 100))
    recipe = make_recipe(method="darts")
    weights, logits = list_streams(recipe, dataset)
    judging = find_judging(recipe, dataset)
    assert chosen(judging) == chosen(logits)
    assert not chosen(judging) & chosen(weights)


def test_labelled_images_of_the_target_domain_judge():
    target = make_dataset((20, 30)).train
    dataset = make_dataset((50, 100), target=target)
    recipe = make_recipe(method="bilevel", source_dataset="digits0to4")
    judging = find_judging(recipe, dataset)
    assert judging.examples is target
    assert len(judging) == 50


# 129 of 645 images can judge.
FEW = make_dataset((300, 345))


def test_few_images_finetune_the_source(caplog):
    with caplog.at_level(logging.WARNING):
        recipe, reason = limit_search(make_recipe(method="ntaa"), FEW)
    assert recipe.adaptation.method == "finetune"
    assert "129 images can be held out to judge changes" in reason
    assert reason in caplog.text


@pytest.mark.parametrize("choices", [{"max_macs": "0.9x"}, {"method": "spos"}])
def test_a_limit_or_new_weights_need_the_search(caplog, choices):
    caplog.set_level(logging.INFO)
    recipe, reason = limit_search(make_recipe(**choices), FEW)
    assert reason is None
    assert recipe.adaptation.plan.trains_supernet
    assert recipe.search.price == 0
    assert "no change is judged" in caplog.text


@pytest.mark.parametrize("choices", [{"price": 0.0}, {"smoke": True}])
def test_where_nothing_has_to_be_proven_any_number_will_do(caplog, choices):
    recipe = make_recipe(**choices)
    assert limit_search(recipe, FEW) == (recipe, None)
    assert not caplog.text
