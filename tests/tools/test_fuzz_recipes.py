"""Whatever a recipe is, it is one, or is refused by one clear message."""

import dataclasses
import random
import re

import hypothesis
import pytest
from fuzz_recipes import CHANGED
from fuzz_recipes import FIXED
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
REFUSAL = r"Invalid value for `(\w+)`\. Expected [^\n]+ Received: [^\n]*"


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
        refused = re.fullmatch(REFUSAL, str(error))
        assert refused is not None, str(error)
        assert refused[1] in FIELDS
    else:
        assert Recipe(**recipe.to_dict()) == recipe


def test_the_same_seed_draws_the_same_choices():
    first, second = random.Random(3), random.Random(3)
    for _ in range(20):
        choices = draw_choices(first)
        assert 1 <= len(choices) <= CHANGED
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
        (2, "error: it can't be", "failed"),
        (2, "error: Invalid a. Expected 1. Received: 2\nerror: b", "failed"),
        (1, "error: Invalid value for `a`. Expected 1. Received: 2.", "failed"),
        (1, "Traceback (most recent call last):\nKeyError: 'a'", "failed"),
        (-9, "", "failed"),
    ],
)
def test_only_a_clear_message_is_a_refusal(status, stderr, outcome):
    assert judge(status, stderr) == outcome
