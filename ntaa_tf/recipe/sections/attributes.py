"""Choices of the attributes task."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import FOR_ATTRIBUTES


@dataclass(frozen=True)
class Attributes(Section):
    """The attributes that are learnt, and the fold that is tested."""

    title = "Attributes"

    attributes: str | None = choice(
        None,
        "Attributes to learn, separated by commas; for adience age, gender or "
        "both. Default: all.",
        used_with=FOR_ATTRIBUTES,
    )
    ordinal: str | None = choice(
        None,
        "Attributes whose classes are ordered, separated by commas; "
        "predictions one class off are reported as well. The age of adience is "
        "always ordinal.",
        used_with=FOR_ATTRIBUTES,
    )
    fold: int = choice(
        0,
        "Number of the fold that adience is tested on, 0 to 4.",
        minimum=0,
        used_with=FOR_ATTRIBUTES,
    )
