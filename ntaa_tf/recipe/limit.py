"""A limit on a cost: a number, or a share of the source's."""

import decimal
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Beyond any cost, and within what floats count exactly enough.
MOST = 10**18


@dataclass(frozen=True)
class Limit:
    """The most that a cost may be.

    Args:
        number: in the unit of the cost, or a share.
        is_share: whether it is a share of the source's cost.
    """

    number: Decimal
    is_share: bool

    def resolve(self, source: float) -> float:
        """Give the limit in the unit of the cost.

        Args:
            source: the cost of the source model.
        """
        # Decimal, as 0.29 * 100 is less than 29 in binary.
        factor = Decimal(source) if self.is_share else 1
        return float(self.number * factor)


def parse_limit(value: Any, name: str) -> Limit:
    """Read a limit as a person writes it.

    Args:
        name: of the flag, for the message.
        value: a number such as `3e8`, or a share such as `0.5x`.

    Raises:
        ValueError: if it is neither, or below 0.

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
    return Limit(number, is_share=text.endswith("x"))
