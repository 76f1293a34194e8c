"""Recipes derived from a recipe differ in what they are for, only."""

import pytest

from ntaa_tf.recipe import count_smoke_examples
from ntaa_tf.recipe import list_trials
from ntaa_tf.recipe import make_baseline
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import shrink


def test_plain_finetuning_has_no_limits():
    assert make_baseline(make_recipe(max_depth="9")).limits.by_cost == {}


def test_a_smoke_run_is_shrunk_and_nothing_else():
    smoke = make_recipe(smoke=True, model="vgg19", finetune_epochs=0)
    training = shrink(smoke).training
    assert (training.search_epochs, training.batch_size) == (1, 8)
    assert shrink(smoke).source.model == "vgg19"
    plain = make_recipe()
    assert shrink(plain) is plain


def test_a_smoke_run_has_two_identities_however_large():
    recipe = shrink(
        make_recipe(
            smoke=True,
            task="retrieval",
            batch_size=33,
            images_per_identity=3,
        )
    )
    assert recipe.training.batch_size == 6
    assert recipe.retrieval.images_per_identity == 3


@pytest.mark.parametrize(
    ("choices", "num_classes", "count"),
    [
        ({}, 10, None),
        ({"smoke": True}, 10, 32),
        ({"smoke": True}, 100, 200),
        ({"smoke": True, "task": "retrieval"}, 100, 32),
    ],
)
def test_a_smoke_run_has_two_images_of_each_class(choices, num_classes, count):
    assert count_smoke_examples(make_recipe(**choices), num_classes) == count


def test_the_baseline_is_plain_finetuning_with_as_many_epochs():
    recipe = make_recipe(
        search_epochs=3, baseline=True, workdir="runs/x", seed=5
    )
    baseline = make_baseline(recipe)
    assert baseline.adaptation.method == "finetune"
    assert baseline.training == recipe.training
    assert baseline.data == recipe.data
    assert baseline.compute == recipe.compute
    assert not baseline.has_baseline
    assert baseline.output.workdir is None
    assert baseline.output.seed == 5


def test_trials_are_around_the_learning_rate():
    recipe = make_recipe(learning_rate=0.3, learning_rate_trials=3)
    rates = [trial.training.learning_rate for trial in list_trials(recipe)]
    assert rates == pytest.approx([0.3, 0.1, 0.9])
    assert all(
        trial.adaptation.learning_rate_trials == 1
        for trial in list_trials(recipe)
    )
