"""Every choice of a run: its default, its meaning, its check."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

METHODS = ("ntaa", "finetune")
CANDIDATE_WEIGHTS = ("inherit", "random")
SCHEDULES = ("one", "two")
EMBEDDED_MODEL = "digits0to4"
EMBEDDED_DATASET = "digits5to9"


def _choice(default: Any, help: str, choices: tuple[str, ...] = ()) -> Any:
    return dataclasses.field(
        default=default, metadata={"help": help, "choices": choices}
    )


@dataclass(frozen=True)
class Recipe:
    """What a run does. Each field is a flag of the command line.

    Raises:
        ValueError: if a value is out of its range.

    Example:
    >>> Recipe(seed=1).search_epochs
    10
    """

    model: str = _choice(
        EMBEDDED_MODEL,
        "Source model: a name of keras.applications in lower case, a .keras "
        "file, or the embedded digits0to4.",
    )
    weights: str = _choice(
        "imagenet",
        "Weights of a named model: imagenet, none, or a weights file.",
    )
    preprocessing: str | None = _choice(
        None,
        "What the images of a .keras file went through: none, tf, torch or "
        "caffe. To be said unless the file begins with a Rescaling.",
    )
    dataset: str = _choice(
        EMBEDDED_DATASET,
        "Data set: digits, digits0to4, digits5to9, a name of "
        "tensorflow-datasets, or folder:PATH.",
    )
    data_dir: str | None = _choice(None, "Where tensorflow-datasets keeps it.")
    image_size: int | None = _choice(
        None, "Height and width in pixels; by default what fits both."
    )
    train_examples: int | None = _choice(
        None, "Train on a stratified subset of this many images."
    )
    validation_share: float = _choice(
        0.1, "Share of the training data held out where no split exists."
    )
    augment: str = _choice(
        "standard",
        "Augmentation of the training images.",
        ("none", "standard", "rand", "cutmix"),
    )
    flip: bool | None = _choice(
        None,
        "Mirror training images at random. By default unless the classes are "
        "single characters.",
    )
    method: str = _choice(
        "ntaa", "Search and adapt, or finetune the source alone.", METHODS
    )
    baseline: bool | None = _choice(
        None,
        "Also finetune the source for as many epochs, and compare. By default "
        "for the embedded data only.",
    )
    candidates: str = _choice(
        "ntaa",
        "Search space (ntaa, ntaa_dense, ntaa_depthwise) or candidates "
        "separated by commas.",
    )
    sites: str = _choice(
        "all",
        "Convolutions to search: all, spatial, last:N or a regular expression.",
    )
    skip_inputs: int = _choice(
        1, "From how many preceding layers a site chooses its input, 1 to 3."
    )
    candidate_weights: str = _choice(
        "inherit",
        "Kernels of new candidates: the source's, or random.",
        CANDIDATE_WEIGHTS,
    )
    start: str = _choice(
        "exact",
        "Begin at the source's own network, or at the paper's mixture.",
        ("exact", "paper"),
    )
    end: str = _choice(
        "exact",
        "End at the argmax network, or in the paper's mixture.",
        ("exact", "paper"),
    )
    search_epochs: int = _choice(10, "Epochs of the search.")
    finetune_epochs: int = _choice(20, "Epochs of finetuning after it.")
    batch_size: int = _choice(32, "Images in a batch.")
    learning_rate: float = _choice(0.02, "Of the weights, at first.")
    weight_decay: float = _choice(1e-3, "Of the kernels, decoupled.")
    schedule: str = _choice(
        "one",
        "One cosine through search and finetuning, or one for each.",
        SCHEDULES,
    )
    architecture_learning_rate: float = _choice(0.3, "Of the logits.")
    lambda_theta: float = _choice(
        1e-3, "Strength of the penalty on the source's operations."
    )
    seed: int = _choice(0, "Of everything random.")
    workdir: str | None = _choice(
        None, "Where the run is kept; by default below runs/."
    )
    smoke: bool = _choice(
        False, "Shrink data and epochs: every stage, in little time."
    )

    def __post_init__(self) -> None:
        for field in dataclasses.fields(self):
            choices = field.metadata["choices"]
            value = getattr(self, field.name)
            if choices and value not in choices:
                raise _invalid(field.name, f"one of {choices}", value)
        for name, lowest in _LOWEST.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value < math.inf:
                raise _invalid(name, f"at least {lowest}", value)
        if not 0 < self.validation_share < 1:
            raise _invalid(
                "validation_share", "between 0 and 1", self.validation_share
            )

    @property
    def compares(self) -> bool:
        """Whether plain finetuning is run beside the search."""
        if self.method == "finetune":
            return False
        if self.baseline is None:
            return self.dataset == EMBEDDED_DATASET
        return self.baseline

    @property
    def total_epochs(self) -> int:
        """Epochs of the whole run, whatever its method."""
        return self.search_epochs + self.finetune_epochs

    def shrunk(self) -> "Recipe":
        """Give the recipe of a smoke run, else this one."""
        if not self.smoke:
            return self
        return dataclasses.replace(
            self, search_epochs=1, finetune_epochs=1, batch_size=8
        )

    def as_baseline(self) -> "Recipe":
        """Give the recipe of plain finetuning with as many epochs."""
        return dataclasses.replace(
            self, method="finetune", baseline=None, workdir=None
        )

    def to_dict(self) -> dict[str, Any]:
        """Give every choice by name."""
        return dataclasses.asdict(self)


_LOWEST = {
    "image_size": 1,
    "train_examples": 1,
    "search_epochs": 1,
    "finetune_epochs": 0,
    "batch_size": 1,
    "learning_rate": 0.0,
    "weight_decay": 0.0,
    "architecture_learning_rate": 0.0,
    "lambda_theta": 0.0,
    "skip_inputs": 1,
    "seed": 0,
}


def _invalid(name: str, expected: str, received: Any) -> ValueError:
    return ValueError(
        f"Invalid value for `{name}`. Expected {expected}. "
        f"Received: {received!r}."
    )
