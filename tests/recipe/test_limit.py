"""Limits are numbers, or shares of the source model's cost."""

import pytest

from ntaa_tf.recipe.limit import parse_limit


@pytest.mark.parametrize(
    ("text", "source", "expected"),
    [("3e8", 1, 3e8), ("0.5x", 300, 150), ("0.29x", 100, 29), (7, 1, 7)],
)
def test_limits_are_numbers_or_shares_of_the_source(text, source, expected):
    assert parse_limit(text, "max_macs").resolve(source) == expected


@pytest.mark.parametrize("text", ["", "x", "half", "-1", "nan", "infx"])
def test_other_limits_are_refused(text):
    with pytest.raises(ValueError, match=f"`max_depth`.*0.5x.*'{text}'"):
        parse_limit(text, "max_depth")


@pytest.mark.parametrize("name", ["max_macs", "max_params", "max_depth"])
def test_less_than_one_of_a_number_is_meant_as_a_share(name):
    with pytest.raises(ValueError, match=f"Did you mean --{name}=0.5x"):
        parse_limit("0.5", name)
    assert parse_limit("0.5", "max_latency_ms").resolve(8) == 0.5
