"""What a run left behind, as far as its page shows it."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from ntaa_tf.architecture import Architecture

# Of each site, of each option, its p after each epoch of the search.
Probabilities = Mapping[str, Mapping[str, Sequence[float]]]

Confusion = Mapping[str, Any]


@dataclass(frozen=True)
class Records:
    """What a page shows beside the numbers; what is missing is left out.

    Args:
        history: values after each epoch, see `draw_curves`.
        architecture: the one that was found.
        operations: what the source's operation at each site is called.
        probabilities: the course of the search.
        confusions: what was taken for what, by the name of the attribute:
            the names of `classes`, and the `counts`, as lists of a class, what
            it was taken for, and of how many images.
        command: what runs the same again.
        answers: a picture of queries and their answers, as a PNG file.

    Example:
    >>> Records(history={"search_loss": [2.0, 1.0]}).architecture.sites
    {}
    """

    history: Mapping[str, Sequence[float]] = field(default_factory=dict)
    architecture: Architecture = field(default=Architecture({}))
    operations: Mapping[str, str] = field(default_factory=dict)
    probabilities: Probabilities = field(default_factory=dict)
    confusions: Mapping[str, Confusion] = field(default_factory=dict)
    command: str = ""
    answers: bytes | None = None
