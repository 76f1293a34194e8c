"""Annealing schedules of the mixture, as pure functions of the progress.

The progress of the search runs from 0 to 1. The first quarter moves the mixture
away from the source (κ), the last quarter moves it to the argmax (ρ).
"""

from typing import Any

from keras import ops

STARTS = ("exact", "paper")
ENDS = ("exact", "paper")
START_SHARE = 0.25
END_SHARE = 0.25
LAST_TEMPERATURE = 0.1


def start_pull(progress: Any, start: str = "exact") -> Any:
    """Return κ: 1 at the start, 0 after the first quarter of the search.

    Args:
        progress: completed share of the search.
        start: `exact`, or `paper` for the paper's mixture from the first step.

    Example:
    >>> float(start_pull(0.0)), float(start_pull(0.5))
    (1.0, 0.0)
    """
    # A line from 1 at progress 0 to 0 at START_SHARE, clipped behind it.
    pull = ops.clip(1 - ops.cast(progress, "float32") / START_SHARE, 0.0, 1.0)
    return pull * float(start == "exact")


def end_pull(progress: Any, end: str = "exact") -> Any:
    """Return ρ: 0 until the last quarter of the search, 1 at its end.

    Args:
        progress: completed share of the search.
        end: `exact`, or `paper` for the paper's mixture to the last step.

    Example:
    >>> float(end_pull(0.5)), float(end_pull(1.0))
    (0.0, 1.0)
    """
    # A line from 0 at 1 − END_SHARE to 1 at progress 1, clipped before it.
    late = (ops.cast(progress, "float32") - 1 + END_SHARE) / END_SHARE
    return ops.clip(late, 0.0, 1.0) * float(end == "exact")


def temperature(progress: Any) -> Any:
    """Return τ of the Gumbel softmax: geometric annealing from 1 to 0.1.

    Args:
        progress: completed share of the search.

    Example:
    >>> float(temperature(0.0)), round(float(temperature(1.0)), 6)
    (1.0, 0.1)
    """
    return LAST_TEMPERATURE ** ops.cast(progress, "float32")


def learns_logits(progress: Any, warm_up: float, end: str = "exact") -> Any:
    """Return whether the logits learn at this point of the search.

    They rest during the warm-up. They also rest while the mixture moves to the
    argmax, because a new winner would have had no training in its place.

    Args:
        progress: completed share of the search.
        warm_up: share of the search before the logits learn.
        end: `exact`, or `paper` for logits that learn to the last step.

    Returns:
        True if the logits always learn, otherwise a boolean tensor.

    Example:
    >>> [bool(learns_logits(p, warm_up=0.1)) for p in (0.0, 0.5, 0.8)]
    [False, True, False]
    """
    rests = end == "exact"
    if not (warm_up or rests):
        return True
    last = 1 - END_SHARE if rests else 1.0
    return ops.logical_and(progress >= warm_up, progress < last)


def check_known(name: str, value: str, expected: tuple[str, ...]) -> None:
    """Check that an argument has one of the expected values.

    Args:
        name: the name of the argument.
        value: the value of the argument.
        expected: the allowed values.

    Raises:
        ValueError: if the value is not allowed.
    """
    if value not in expected:
        raise ValueError(
            f"Invalid value for `{name}`. Expected one of {expected}. "
            f"Received: {value!r}."
        )
