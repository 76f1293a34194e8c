"""The annealing schedules, at points of the search."""

import pytest

from ntaa_tf.recipe.values import LOGITS_REST
from ntaa_tf.search.schedule import END_SHARE
from ntaa_tf.search.schedule import end_pull
from ntaa_tf.search.schedule import learns_logits
from ntaa_tf.search.schedule import start_pull


@pytest.mark.parametrize(
    ("progress", "start", "end"),
    [
        (0, 1, 0),
        (0.125, 0.5, 0),
        (0.25, 0, 0),
        (0.75, 0, 0),
        (0.875, 0, 0.5),
        (1, 0, 1),
    ],
)
def test_pulls_by_progress(progress, start, end):
    assert float(start_pull(progress)) == pytest.approx(start)
    assert float(end_pull(progress)) == pytest.approx(end)


def test_the_recipe_knows_when_the_logits_rest():
    assert LOGITS_REST == 1 - END_SHARE


@pytest.mark.parametrize("progress", [0, 0.1, 0.5, 0.9, 1])
def test_paper_has_no_pulls(progress):
    assert float(start_pull(progress, "paper")) == 0
    assert float(end_pull(progress, "paper")) == 0


@pytest.mark.parametrize(
    ("progress", "warm_up", "end", "learns"),
    [
        (0.0, 0.0, "exact", True),
        (0.74, 0.0, "exact", True),
        (0.75, 0.0, "exact", False),
        (0.99, 0.0, "paper", True),
        (0.1, 0.2, "paper", False),
        (0.2, 0.2, "paper", True),
        (0.1, 0.2, "exact", False),
    ],
)
def test_logits_rest_in_the_warm_up_and_at_an_exact_end(
    progress, warm_up, end, learns
):
    assert bool(learns_logits(progress, warm_up, end)) == learns
