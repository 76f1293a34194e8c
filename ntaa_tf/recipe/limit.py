"""A limit on a cost: a number, or a share of the source model's cost."""

import decimal
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# No cost is larger, and a float still holds such a number well enough.
MOST = 10**18
# Limits on numbers that are whole.
COUNTS = ("max_macs", "max_params", "max_depth")


@dataclass(frozen=True)
class Limit:
    """The largest allowed value of a cost.

    Args:
        number: limit in the unit of the cost, or a share.
        is_share: whether the number is a share of the source model's cost.
    """

    number: Decimal
    is_share: bool

    def resolve(self, source: float) -> float:
        """Return the limit in the unit of the cost.

        Args:
            source: cost of the source model.
        """
        # Decimal, because 0.29 * 100 is less than 29 in binary.
        factor = Decimal(source) if self.is_share else 1
        return float(self.number * factor)


def parse_limit(value: Any, name: str) -> Limit:
    """Parse a limit as a user writes it.

    Args:
        value: number such as `3e8`, or share such as `0.5x`.
        name: name of the flag, for the message.

    Raises:
        ValueError: if the value is neither, or below 0.

    Example:
    >>> parse_limit("0.5x", "max_macs").resolve(300)
    150.0
    """
    text = str(value)
    try:
        number = Decimal(text.removesuffix("x"))
    except decimal.InvalidOperation:
        number = Decimal(-1)
    if not (number.is_finite() and 0 <= number < MOST):
        raise ValueError(
            f"Invalid value for `{name}`. Expected a number, 0 or more, such "
            "as 3e8, or a share of the source's, such as 0.5x. Received: "
            f"{text!r}."
        )
    is_share = text.endswith("x")
    if 0 < number < 1 and not is_share and name in COUNTS:
        raise ValueError(
            f"--{name}={text} allows less than one. Did you mean "
            f"--{name}={text}x, this share of the source's?"
        )
    return Limit(number, is_share)
