"""Few batches make more epochs, unless the user chose their number."""

import pytest

from ntaa_tf.assembly.epochs import lengthen
from ntaa_tf.recipe import make_baseline
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe.values import LEAST_STEPS


@pytest.mark.parametrize("steps", [1, 2, 4])
def test_a_run_has_its_least_number_of_batches(steps):
    recipe = make_recipe()
    longer = lengthen(recipe, steps)
    total = longer.training.total_epochs * steps
    assert LEAST_STEPS <= total < LEAST_STEPS + 30 * steps
    # Search and finetuning keep their shares.
    assert longer.training.finetune_epochs == 2 * longer.training.search_epochs
    # The baseline trains as long, and nothing is lengthened twice.
    assert make_baseline(longer).training == longer.training
    assert lengthen(longer, steps) is longer


@pytest.mark.parametrize(
    "choices", [{"search_epochs": 1}, {"finetune_epochs": 3}, {"smoke": True}]
)
def test_chosen_epochs_stay(choices):
    recipe = make_recipe(**choices)
    assert lengthen(recipe, 1) is recipe


def test_enough_batches_stay():
    recipe = make_recipe()
    assert lengthen(recipe, 5) is recipe
