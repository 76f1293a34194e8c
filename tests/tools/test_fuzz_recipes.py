"""Any choices are a valid recipe, or are refused with one clear message."""

import random

import pytest
from fuzz_recipes import MOST_CHANGES
from fuzz_recipes import NAMED
from fuzz_recipes import draw_choices
from fuzz_recipes import judge
from fuzz_recipes import write_flags

from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import replace
from ntaa_tf.recipe.recipe import list_choices

FIELDS = {field.name for _, field, _ in list_choices()}


def test_any_choices_are_a_recipe_or_refused_in_one_line():
    # Other choices in every run of the tests; a failure shows them.
    draw = random.Random()
    for _ in range(1000):
        choices = draw_choices(draw)
        try:
            recipe = make_recipe(**choices)
        except ValueError as error:
            message = str(error)
            assert "\n" not in message, choices
            assert set(NAMED.findall(message)) & FIELDS, (choices, message)
        else:
            same = replace(make_recipe(), **recipe.to_dict())
            assert same == recipe, choices


def test_the_same_seed_draws_the_same_choices():
    first, second = random.Random(3), random.Random(3)
    for _ in range(20):
        choices = draw_choices(first)
        assert 1 <= len(choices) <= MOST_CHANGES + 1
        assert str(choices) == str(draw_choices(second))


def test_flags_are_written_as_absl_reads_them():
    choices = {"remat": True, "baseline": False, "max_macs": "0.5x"}
    words = ["--remat", "--nobaseline", "--max_macs=0.5x"]
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
