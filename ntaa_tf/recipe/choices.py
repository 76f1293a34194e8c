"""A choice of a recipe: its default, meaning, bounds and condition."""

import dataclasses
import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from typing import ClassVar

from ntaa_tf.recipe.kinds import find_kinds

_METADATA = "choice"


@dataclass(frozen=True)
class Condition:
    """A condition under which a choice has an effect.

    Args:
        text: the condition as a user reads it, such as `--task=retrieval`.
        holds: function of a recipe that tells whether it is fulfilled.
    """

    text: str
    holds: Callable[[Any], bool]


@dataclass(frozen=True)
class ChoiceDescription:
    """The description of a field, beside its name, type and default.

    Args:
        help: meaning, with the unit; the text of `--helpfull`.
        brief: meaning in a few words, for a flag that `--help` lists.
        options: allowed values; any value when empty.
        minimum: lowest allowed value.
        above: bound that the value must exceed.
        maximum: largest allowed value.
        below: bound that the value must not reach.
        parse: function of the value and the flag's name that raises a
            ValueError for malformed text; its result is not used.
        used_with: condition under which the choice has an effect; None when
            it always has one.
    """

    help: str
    brief: str = ""
    options: tuple[Any, ...] = ()
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    below: float | None = None
    parse: Callable[[Any, str], Any] | None = None
    used_with: Condition | None = None

    @property
    def bounds(self) -> str:
        """The bounds in words, empty where there are none."""
        bounds = {
            "at least": self.minimum,
            "above": self.above,
            "at most": self.maximum,
            "below": self.below,
        }
        return ", ".join(
            f"{words} {bound}"
            for words, bound in bounds.items()
            if bound is not None
        )

    def check(self, name: str, value: Any) -> None:
        """Raise a ValueError unless a value is allowed.

        Args:
            name: name of the field.
            value: value of the field, neither None nor the default.
        """
        if self.options and value not in self.options:
            raise invalid(name, f"one of {self.options}", value)
        if self.bounds and not self._is_within(value):
            raise invalid(name, self.bounds, value)
        if self.parse is not None:
            self.parse(value, name)

    def _is_within(self, value: float) -> bool:
        # Comparisons with NaN are False, so NaN is outside of all bounds.
        return (
            -math.inf < value < math.inf
            and (self.minimum is None or value >= self.minimum)
            and (self.above is None or value > self.above)
            and (self.maximum is None or value <= self.maximum)
            and (self.below is None or value < self.below)
        )


def choice(default: Any, help: str, brief: str = "", **details: Any) -> Any:
    """Declare a field of a section.

    Args:
        default: default of the choice; it is written nowhere else.
        help: see `ChoiceDescription`.
        brief: see `ChoiceDescription`.
        **details: further arguments of `ChoiceDescription`.
    """
    described = ChoiceDescription(help, brief, **details)
    return dataclasses.field(default=default, metadata={_METADATA: described})


def get_description(field: dataclasses.Field[Any]) -> ChoiceDescription:
    """Return the description that `choice` declared for a field."""
    described: ChoiceDescription = field.metadata[_METADATA]
    return described


def invalid(name: str, expected: str, received: Any) -> ValueError:
    """Build the error of a value that is not allowed.

    Args:
        name: name of the choice.
        expected: allowed values, in words.
        received: value of the choice.
    """
    return ValueError(
        f"Invalid value for `{name}`. Expected {expected}. "
        f"Received: {received!r}."
    )


@dataclass(frozen=True)
class Section:
    """Choices that belong together.

    Scalars of NumPy and paths become plain data, which `recipe.json` keeps.

    Raises:
        ValueError: if a value is of another type, or outside of its own
            bounds.
    """

    title: ClassVar[str]

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            value = self._plain(field, getattr(self, field.name))
            object.__setattr__(self, field.name, value)
            if value != field.default and value is not None:
                get_description(field).check(field.name, value)

    def _plain(self, field: dataclasses.Field[Any], value: Any) -> Any:
        """Return a value as plain data of the field's type."""
        name, kind = field.name, find_kinds(type(self))[field.name]
        described, value = get_description(field), kind.convert(value)
        is_parsed = described.parse is not None
        is_number = isinstance(value, int | float)
        if is_parsed and is_number and not isinstance(value, bool):
            # A command line has text here, and both are the same recipe.
            value = str(value)
        if isinstance(value, str) and not value:
            # A variable that a shell did not know; "" would be this directory.
            raise ValueError(f"--{name} is empty. Remove it, or give a value.")
        if not kind.allows(value):
            options = described.options
            expected = f"one of {options}" if options else kind.words
            raise invalid(name, expected, value)
        return value
