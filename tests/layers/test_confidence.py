"""Another option wins only if it exceeds the source by the confidence."""

import numpy as np
import pytest

from ntaa_tf.layers.choice import Choice


def make_choice(logits, confidence):
    choice = Choice(("source", "other", "third"))
    choice.build(None)
    choice.logits.assign(logits)
    choice.confidence = confidence
    return choice


@pytest.mark.parametrize(
    ("logits", "confidence", "winner"),
    [
        ([0.0, 0.1, 0.0], 0.0, "other"),
        ([0.0, 0.1, 0.0], 0.1, "source"),
        ([0.0, 2.0, 0.0], 0.5, "other"),
        ([0.0, 2.0, 0.0], 0.7, "source"),
        ([0.0, 3.0, 3.1], 0.4, "third"),
        ([1.0, 0.0, 0.0], 0.9, "source"),
    ],
)
def test_the_winner_exceeds_the_source_by_the_confidence(
    logits, confidence, winner
):
    choice = make_choice(logits, confidence)
    assert choice.winner == winner
    choice.set_pulls(0.0, 1.0)
    expected = np.eye(3)[choice.options.index(winner)]
    np.testing.assert_array_equal(choice.coefficients(), expected)
    np.testing.assert_array_equal(choice.probabilities(), expected)


def test_a_chosen_option_wins_at_any_confidence():
    choice = make_choice([0.0, 0.0, 0.0], 0.99)
    for option in choice.options:
        choice.choose(option)
        assert choice.winner == option
