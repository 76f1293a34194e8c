"""The records of a run that its page shows beside the metrics."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from dataclasses import field
from typing import Any

from ntaa_tf.architecture import Architecture

# For each site, for each of its options, the probability after each epoch.
Probabilities = Mapping[str, Mapping[str, Sequence[float]]]

# The names of the `classes`; and the `counts`, as lists of true class,
# predicted class, and number of images. Classes are given by index.
Confusion = Mapping[str, Any]


@dataclass(frozen=True)
class Records:
    """Curves, architecture and pictures of a run; each may be missing.

    Args:
        history: values after each epoch, see `draw_curves`.
        architecture: the architecture that was found.
        operations: name of the source's operation at each site.
        probabilities: probabilities of the options during the search.
        confusions: confusion matrix of each attribute on the test split.
        command: the command that repeats the run.
        answers: contact sheet of queries and gallery images, as a PNG file.
        mistakes: most confident mistakes, each with `label`, `truth`,
            `answer`, `probability`, and the `picture`, a PNG file in base64.

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
    mistakes: Sequence[Mapping[str, Any]] = ()
