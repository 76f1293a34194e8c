"""How the mixture leaves the source and ends at the argmax.

Pure functions of the progress of the search, from 0 to 1.
"""

import math
from typing import Any

from keras import ops

STARTS = ("exact", "paper")
ENDS = ("exact", "paper")
START_SHARE = 0.25
END_SHARE = 0.25
LAST_TEMPERATURE = 0.1


def start_pull(progress: Any, start: str = "exact") -> Any:
    """Give κ: 1 at first, 0 once a quarter of the search is over.

    Args:
        progress: the share of the search that is over.
        start: `exact`, or `paper` for the paper's mixture from the first step.

    Example:
    >>> float(start_pull(0.0)), float(start_pull(0.5))
    (1.0, 0.0)
    """
    pull = ops.clip(1 - ops.cast(progress, "float32") / START_SHARE, 0.0, 1.0)
    return pull * float(start == "exact")


def end_pull(progress: Any, end: str = "exact") -> Any:
    """Give ρ: 0 until the last quarter of the search, 1 at its end.

    Args:
        progress: the share of the search that is over.
        end: `exact`, or `paper` for the paper's mixture to the last step.

    Example:
    >>> float(end_pull(0.5)), float(end_pull(1.0))
    (0.0, 1.0)
    """
    late = (ops.cast(progress, "float32") - 1 + END_SHARE) / END_SHARE
    return ops.clip(late, 0.0, 1.0) * float(end == "exact")


def find_last_epochs(epochs: int) -> int:
    """Give the first whole epoch in which ρ rises, or else the last.

    Args:
        epochs: of the search.

    Example:
    >>> find_last_epochs(8), find_last_epochs(10), find_last_epochs(1)
    (6, 8, 0)
    """
    return min(math.ceil((1 - END_SHARE) * epochs), epochs - 1)


def temperature(progress: Any) -> Any:
    """Give τ of the Gumbel softmax: from 1 down to a tenth, geometrically.

    Args:
        progress: the share of the search that is over.

    Example:
    >>> float(temperature(0.0)), round(float(temperature(1.0)), 6)
    (1.0, 0.1)
    """
    return LAST_TEMPERATURE ** ops.cast(progress, "float32")
