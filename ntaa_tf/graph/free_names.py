"""Names of layers that a model does not have yet."""

import itertools
from collections.abc import Collection


def find_free_name(name: str, taken: Collection[str], first: int = 1) -> str:
    """Give the name, or it with the first number that makes it free.

    Args:
        name: the name that is wanted.
        taken: the names that are not free.
        first: the first number that is tried.

    Example:
    >>> find_free_name("conv", {"conv", "conv_1"})
    'conv_2'
    """
    numbered = (f"{name}_{number}" for number in itertools.count(first))
    free = itertools.chain([name], numbered)
    return next(candidate for candidate in free if candidate not in taken)
