"""Architectures drawn at random, within a budget."""

import numpy as np

from ntaa_tf.search.budget import Budget
from ntaa_tf.search.supernet import Supernet

DRAWS = 1000


def draw_uniformly(
    supernet: Supernet, budget: Budget | None, seed: int
) -> None:
    """Set a supernet to an architecture drawn uniformly within a budget.

    Args:
        supernet: the supernet to set.
        budget: the budget; None allows all architectures.
        seed: random seed of the draws.

    Raises:
        ValueError: if no draw keeps the budget.
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
            f"None of {DRAWS} random architectures keeps the limits "
            f"{budget.limits if budget else None}. Raise the limits."
        )
    for choice in supernet.choices:
        choice.choose(drawn[choice.name])
