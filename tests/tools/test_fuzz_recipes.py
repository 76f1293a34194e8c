"""Any choices are a valid recipe, or are refused with one clear message."""

import dataclasses
import random

import hypothesis
import pytest
from fuzz_recipes import FIXED
from fuzz_recipes import MOST_CHANGES
from fuzz_recipes import NAMED
from fuzz_recipes import draw_choices
from fuzz_recipes import judge
from fuzz_recipes import list_values
from fuzz_recipes import write_flags
from hypothesis import strategies

from ntaa_tf.recipe import Recipe

FIELDS = {
    field.name: field
    for field in dataclasses.fields(Recipe)
    if field.name not in FIXED
}


@strategies.composite
def any_choices(draw):
    names = draw(
        strategies.lists(
            strategies.sampled_from(sorted(FIELDS)), max_size=6, unique=True
        )
    )
    return {
        name: draw(strategies.sampled_from(list_values(FIELDS[name])))
        for name in names
    }


@hypothesis.settings(deadline=None, max_examples=1000)
@hypothesis.given(any_choices())
def test_any_choices_are_a_recipe_or_refused_in_one_line(choices):
    try:
        recipe = Recipe(**choices)
    except ValueError as error:
        message = str(error)
        assert "\n" not in message
        assert set(NAMED.findall(message)) & set(FIELDS), message
    else:
        assert Recipe(**recipe.to_dict()) == recipe


def test_the_same_seed_draws_the_same_choices():
    first, second = random.Random(3), random.Random(3)
    for _ in range(20):
        choices = draw_choices(first)
        assert 1 <= len(choices) <= MOST_CHANGES
        assert str(choices) == str(draw_choices(second))


def test_flags_are_written_as_absl_reads_them():
    choices = {"guard": True, "baseline": False, "max_macs": "0.5x"}
    words = ["--guard", "--nobaseline", "--max_macs=0.5x"]
    assert write_flags(choices) == words


@pytest.mark.parametrize(
    "status, stderr, outcome",
    [
        (0, "warning\n", "ran"),
        (
            2,
            "error: Invalid value for `a`. Expected 1. Received: 2.",
            "refused",
        ),
        (2, "error: --method=ntaa needs --seed.", "refused"),
        (2, "error: it can't be", "failed"),
        (2, "error: Invalid a. Expected 1. Received: 2\nerror: b", "failed"),
        (1, "error: Invalid value for `a`. Expected 1. Received: 2.", "failed"),
        (1, "Traceback (most recent call last):\nKeyError: 'a'", "failed"),
        (-9, "", "failed"),
    ],
)
def test_only_a_clear_message_is_a_refusal(status, stderr, outcome):
    assert judge(status, stderr) == outcome
