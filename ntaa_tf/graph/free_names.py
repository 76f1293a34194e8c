"""Unused layer names."""

import itertools
from collections.abc import Collection


def find_free_name(name: str, taken: Collection[str], first: int = 1) -> str:
    """Return `name`, with a number appended if it is taken.

    Args:
        name: the name you want.
        taken: names in use.
        first: the first number to try.

    Example:
    >>> find_free_name("conv", {"conv", "conv_1"})
    'conv_2'
    """
    numbered = (f"{name}_{number}" for number in itertools.count(first))
    free = itertools.chain([name], numbered)
    return next(candidate for candidate in free if candidate not in taken)
