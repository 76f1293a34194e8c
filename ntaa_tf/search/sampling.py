"""Architectures drawn at random, within a budget."""

import numpy as np

from ntaa_tf.search.budget import Budget
from ntaa_tf.search.supernet import Supernet

DRAWS = 1000


def draw_uniformly(
    supernet: Supernet, budget: Budget | None, seed: int
) -> None:
    """Make a supernet compute an architecture drawn from all that are allowed.

    Raises:
        ValueError: if none of many draws keeps the budget.
    """
    rng = np.random.default_rng(seed)
    for _ in range(DRAWS):
        drawn = {
            choice.name: choice.draw_option(rng) for choice in supernet.choices
        }
        if budget is None or budget.keeps(drawn):
            break
    else:
        raise ValueError(
            "Invalid budget. Expected limits that some of "
            f"{DRAWS} architectures drawn at random keep. Received: "
            f"{budget.limits if budget else None}."
        )
    for choice in supernet.choices:
        choice.choose(drawn[choice.name])
