"""Every choice of a run: its default, its meaning, its check."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from ntaa_tf.limit import Limit
from ntaa_tf.limit import parse_limit

METHODS = ("ntaa", "finetune")
CANDIDATE_WEIGHTS = ("inherit", "random")
SCHEDULES = ("one", "two")
RELAXATIONS = ("expectation", "gumbel", "single_path")
PRECISIONS = ("none", "float16", "bfloat16")
# The flag that limits each cost.
BUDGETS = {
    "macs": "max_macs",
    "parameters": "max_params",
    "latency_ms": "max_latency_ms",
    "depth": "max_depth",
}
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
    relaxation: str = _choice(
        "expectation",
        "Mix all candidates in every step, or evaluate one: drawn by the "
        "logits (gumbel), or uniformly (single_path), of which the best of "
        "some drawn architectures is kept.",
        RELAXATIONS,
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
    accumulation_steps: int = _choice(
        1,
        "Batches whose mean gradient makes one update of weights and logits: "
        "as a batch that is so many times larger, only that batch norm and "
        "the noise candidate take their statistics from each batch by itself. "
        "What a stage ends with of an unfinished update is dropped.",
    )
    mixed_precision: str = _choice(
        "none",
        "Compute in float16, with loss scaling, or in bfloat16, but for the "
        "scaling of images and the outputs. Weights and the adapted model are "
        "float32 in any case.",
        PRECISIONS,
    )
    remat: bool = _choice(
        False,
        "Recompute activations in the backward pass instead of holding them: "
        "less memory, more time.",
    )
    steps_per_execution: int = _choice(
        1,
        "How many batches one call of the compiled training takes at most; the "
        "largest number up to this that divides the batches of an epoch.",
    )
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
    cost_weight: float = _choice(
        0.0,
        "Strength of the penalty on the expected MACs, as a share of the "
        "source's.",
    )
    max_macs: str | None = _choice(
        None,
        "Most multiply-adds for an image that the derived model may have: a "
        "number, such as 3e8, or a share of the source's, such as 0.5x.",
    )
    max_params: str | None = _choice(
        None, "Most parameters that it may have: a number or a share."
    )
    max_latency_ms: str | None = _choice(
        None,
        "Most milliseconds that it may take for an image, told from how long "
        "each candidate takes on this machine: a number or a share.",
    )
    max_depth: str | None = _choice(
        None, "Most layers deep that it may be: a number or a share."
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
        if self.limits and self.method == "finetune":
            flag = BUDGETS[next(iter(self.limits))]
            what = "None, as --method=finetune derives nothing"
            raise _invalid(flag, what, getattr(self, flag))

    @property
    def limits(self) -> dict[str, Limit]:
        """The limits on the costs of the derived model, by the cost's name."""
        return {
            cost: parse_limit(flag, getattr(self, flag))
            for cost, flag in BUDGETS.items()
            if getattr(self, flag) is not None
        }

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
            self,
            search_epochs=1,
            finetune_epochs=1,
            batch_size=8,
            accumulation_steps=min(self.accumulation_steps, 2),
        )

    def as_baseline(self) -> "Recipe":
        """Give the recipe of plain finetuning with as many epochs."""
        unlimited: dict[str, Any] = dict.fromkeys(BUDGETS.values())
        return dataclasses.replace(
            self,
            method="finetune",
            baseline=None,
            workdir=None,
            **unlimited,
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
    "accumulation_steps": 1,
    "steps_per_execution": 1,
    "learning_rate": 0.0,
    "weight_decay": 0.0,
    "architecture_learning_rate": 0.0,
    "lambda_theta": 0.0,
    "cost_weight": 0.0,
    "skip_inputs": 1,
    "seed": 0,
}


def _invalid(name: str, expected: str, received: Any) -> ValueError:
    return ValueError(
        f"Invalid value for `{name}`. Expected {expected}. "
        f"Received: {received!r}."
    )
