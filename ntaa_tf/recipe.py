"""Every choice of a run: its default, its meaning, its check."""

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from ntaa_tf.limit import Limit
from ntaa_tf.limit import parse_limit
from ntaa_tf.methods import BILEVEL
from ntaa_tf.methods import EVOLUTION
from ntaa_tf.methods import GIVEN
from ntaa_tf.methods import INHERIT
from ntaa_tf.methods import JOINT
from ntaa_tf.methods import METHODS
from ntaa_tf.methods import NOTHING
from ntaa_tf.methods import TRANSFER
from ntaa_tf.methods import WEIGHTS
from ntaa_tf.methods import Method
from ntaa_tf.size import parse_size

CANDIDATE_WEIGHTS = ("inherit", "random")
SCHEDULES = ("one", "two")
# Neighbouring learning rates of a sweep differ by this.
TUNING_FACTOR = 3.0
EXPECTATION = "expectation"
GUMBEL = "gumbel"
SINGLE_PATH = "single_path"
RELAXATIONS = (EXPECTATION, GUMBEL, SINGLE_PATH)
PRECISIONS = ("none", "float16", "bfloat16")
# The flag that limits each cost.
BUDGETS = {
    "macs": "max_macs",
    "parameters": "max_params",
    "latency_ms": "max_latency_ms",
    "depth": "max_depth",
    "weight_free": "max_weight_free",
}
CLASSIFICATION, RETRIEVAL = TASKS = ("classification", "retrieval")
RETRIEVAL_CHOICES = (
    *("head", "embedding_size", "stripes", "images_per_identity"),
    *("cross_entropy_weight", "triplet_margin", "label_smoothing"),
    "average_precision",
)
# The share of the search after which its logits rest.
LOGITS_REST = 0.75
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
    task: str = _choice(
        CLASSIFICATION,
        "What is learnt: the class of an image, or an embedding by which "
        "unseen identities are found in a gallery.",
        TASKS,
    )
    dataset: str = _choice(
        EMBEDDED_DATASET,
        "Data set: digits, digits0to4, digits5to9, a name of "
        "tensorflow-datasets, or folder:PATH. For retrieval: market1501, "
        "cuhk03_detected, cuhk03_labeled, veri776, personx, or "
        "market:PATH.",
    )
    data_dir: str | None = _choice(
        None, "Where tensorflow-datasets, or the retrieval set, is kept."
    )
    image_size: str | None = _choice(
        None,
        "Pixels: the side of a square, or height and width such as 256x128. "
        "By default what fits both.",
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
        ("none", "standard", "rand", "cutmix", "erase"),
    )
    flip: bool | None = _choice(
        None,
        "Mirror training images at random. By default unless the classes are "
        "single characters.",
    )
    method: str = _choice(
        "ntaa",
        "How the architecture is found, and with what its weights begin. All "
        "have the same epochs; transfer has --pretrain_epochs more.",
        tuple(METHODS),
    )
    derived_weights: str | None = _choice(
        None,
        "What finetuning begins with: inherited weights, scratch, or transfer, "
        "trained from scratch on --pretrain_dataset. By default what the "
        "method says.",
        WEIGHTS,
    )
    architecture: str | None = _choice(
        None, "For retrain: the architecture.json of another run."
    )
    trainable_from: str = _choice(
        "0.5",
        "For partial: the first layer that is trained, by its name or as a "
        "share of the layers.",
    )
    pretrain_dataset: str | None = _choice(
        None, "For transfer: what an architecture is pretrained on."
    )
    pretrain_epochs: int = _choice(30, "For transfer: epochs on it.")
    baseline: bool | None = _choice(
        None,
        "Also finetune the source for as many epochs, and compare. By default "
        "for the embedded data only.",
    )
    head: str = _choice(
        "embedding",
        "For retrieval: one embedding, with a classifier behind batch norm, or "
        "one for each horizontal stripe of the last map.",
        ("embedding", "stripes"),
    )
    embedding_size: int | None = _choice(
        None,
        "For retrieval: channels of the embedding; by default those of the "
        "last map, and 256 of a stripe.",
    )
    stripes: int = _choice(6, "For retrieval: stripes of the last map.")
    images_per_identity: int = _choice(
        4, "For retrieval: images of each identity that is in a batch."
    )
    cross_entropy_weight: float = _choice(
        0.5,
        "For retrieval: share of the cross-entropy of identities in the loss; "
        "the triplet loss has the rest.",
    )
    triplet_margin: float = _choice(
        0.3, "For retrieval: by how much another identity is to be farther."
    )
    label_smoothing: float = _choice(
        0.0, "For retrieval: of the identities' labels."
    )
    average_precision: str = _choice(
        "rectangular",
        "For retrieval: as torchreid and fast-reid measure it, or as "
        "Market-1501's own code.",
        ("rectangular", "trapezoidal"),
    )
    last_stride: int = _choice(
        2,
        "With 1 the last reduction of the source is left out: its last map is "
        "larger.",
    )
    squeeze_excitation: bool = _choice(
        False,
        "Finetune with a squeeze-and-excitation gate at the end of every "
        "residual branch.",
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
        EXPECTATION,
        "Mix all candidates in every step, or evaluate one: drawn by the "
        "logits (gumbel), or uniformly (single_path), of which evolution finds "
        "the best.",
        RELAXATIONS,
    )
    unrolled: bool = _choice(
        False, "For darts: second order, at three times the cost."
    )
    evolution_population: int = _choice(
        50, "For single paths: architectures in a generation of evolution."
    )
    evolution_generations: int = _choice(
        20, "For single paths: generations after the first."
    )
    skip_inputs: int = _choice(
        1, "From how many preceding layers a site chooses its input, 1 to 3."
    )
    candidate_weights: str = _choice(
        "inherit",
        "Kernels of new candidates: the source's, or random.",
        CANDIDATE_WEIGHTS,
    )
    calibrate: bool = _choice(
        False,
        "Scale candidates without weights to the deviation of the source's own "
        "operation at their site.",
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
    architecture_optimizer: str = _choice(
        "sgd",
        "Of the logits: sgd, adam, or adam with the penalties beside it, not "
        "in its loss.",
        ("sgd", "adam", "adam_decoupled"),
    )
    source_lead: float | None = _choice(
        None,
        "By how much the logit of the source's own operation exceeds the "
        "others at first. By default 3; with --start=paper 1, as there.",
    )
    warm_up: float = _choice(
        0.25, "Share of the search in which no logit moves yet."
    )
    lambda_theta: float = _choice(
        3e-4, "Strength of the penalty on the source's operations."
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
    max_weight_free: str | None = _choice(
        None,
        "Most sites that may become pooling, identity and the like: a number, "
        "or a share of all sites.",
    )
    confidence: float = _choice(
        0.0,
        "By how much the probability of an operation must exceed that of the "
        "source's own to replace it.",
    )
    validated_end: bool = _choice(
        True,
        "Take back changes without which the network validates better, when "
        "the mixture begins to end.",
    )
    guard: bool = _choice(
        False,
        "Also finetune the source for as many epochs, and return whichever "
        "validates better.",
    )
    tune: int = _choice(
        1,
        "How many learning rates around --learning_rate are tried, each by a "
        "whole run; the validation split decides.",
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
            if choices and value not in (*choices, field.default):
                raise _invalid(field.name, f"one of {choices}", value)
        for name, lowest in _LOWEST.items():
            value = getattr(self, name)
            if value is not None and not lowest <= value < math.inf:
                raise _invalid(name, f"at least {lowest}", value)
        if self.image_size is not None:
            parse_size(self.image_size)
        if not 0 < self.validation_share < 1:
            raise _invalid(
                "validation_share", "between 0 and 1", self.validation_share
            )
        if not 0 <= self.cross_entropy_weight <= 1:
            weight = self.cross_entropy_weight
            raise _invalid("cross_entropy_weight", "0 to 1", weight)
        if self.last_stride not in (1, 2):
            raise _invalid("last_stride", "1 or 2", self.last_stride)
        for name in ("confidence", "warm_up", "label_smoothing"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise _invalid(name, "0 or more, below 1", value)
        self._check_method()

    def _check_method(self) -> None:
        """Raise a ValueError where a flag and the method do not go together."""
        if self.limits and self.plan.search in (NOTHING, GIVEN):
            flag = BUDGETS[next(iter(self.limits))]
            what = f"None, as --method={self.method} derives nothing"
            raise _invalid(flag, what, getattr(self, flag))
        for name, is_needed in {
            "architecture": self.plan.search == GIVEN,
            "pretrain_dataset": self.plan.weights == TRANSFER,
        }.items():
            value = getattr(self, name)
            if is_needed == (value is None):
                what = "a value" if is_needed else "None"
                raise _invalid(name, f"{what} with {self._say_plan()}", value)
        for name, is_wrong, expected in self._list_clashes():
            if is_wrong:
                raise _invalid(name, expected, getattr(self, name))

    def _list_clashes(self) -> list[tuple[str, bool, str]]:
        """List flags, whether each is wrong beside others, what is not."""
        plan, plainly = self.plan, self.mixed_precision == "none"
        retrieves = self.task == RETRIEVAL
        return [
            (
                "pretrain_dataset",
                retrieves and plan.weights == TRANSFER,
                "None with --task=retrieval, of which nothing is transferred",
            ),
            (
                "augment",
                retrieves and self.augment == "cutmix",
                "one that mixes no identities with --task=retrieval",
            ),
            (
                "squeeze_excitation",
                self.squeeze_excitation and bool(self.limits),
                "False with limits, which its gates would exceed",
            ),
            (
                "squeeze_excitation",
                self.squeeze_excitation
                and (self.method == "partial" or plan.weights == TRANSFER),
                "False with partial finetuning and with transfer",
            ),
            (
                "warm_up",
                self.end == "exact" and self.warm_up >= LOGITS_REST,
                f"below {LOGITS_REST} with --end=exact: then the logits rest",
            ),
            *(
                (
                    name,
                    not retrieves and getattr(self, name) != default,
                    f"{default}, its default, unless --task=retrieval",
                )
                for name, default in _list_defaults(RETRIEVAL_CHOICES)
            ),
            (
                "images_per_identity",
                retrieves and self.batch_size % self.images_per_identity != 0,
                f"a number that divides the batch of {self.batch_size}",
            ),
            (
                "relaxation",
                plan.search == BILEVEL and self.relaxation == SINGLE_PATH,
                f"one that has logits with --method={self.method}",
            ),
            (
                "relaxation",
                plan.search == EVOLUTION and self.relaxation == GUMBEL,
                f"single_path, or none, with --method={self.method}",
            ),
            (
                "unrolled",
                self.unrolled and not (plan.search == BILEVEL and plainly),
                "False unless --method is darts, in float32",
            ),
            (
                "derived_weights",
                plan.search == NOTHING and plan.weights == TRANSFER,
                "another than transfer where no architecture is found",
            ),
            (
                "calibrate",
                self.calibrate and not plan.trains_supernet,
                f"False with --method={self.method}, which searches nothing",
            ),
            (
                "guard",
                self.guard and (self.method == "finetune" or bool(self.limits)),
                "False with --method=finetune, and with limits, which the "
                "finetuned source may not keep",
            ),
        ]

    def _say_plan(self) -> str:
        weights = self.derived_weights
        return f"--method={self.method}" + (
            f" and --derived_weights={weights}" if weights else ""
        )

    @property
    def plan(self) -> Method:
        """What the method does, and what its weights begin with."""
        method = METHODS[self.method]
        weights = self.derived_weights or method.weights
        return dataclasses.replace(method, weights=weights)

    @property
    def lead(self) -> float:
        """By how much the source's logits exceed the others at first."""
        if self.source_lead is not None:
            return self.source_lead
        return 1.0 if self.start == "paper" else 3.0

    @property
    def searched_epochs(self) -> int:
        """Epochs that train a supernet; finetuning has the others."""
        return self.search_epochs if self.plan.trains_supernet else 0

    @property
    def one_cosine(self) -> bool:
        """Whether finetuning goes on where the search's learning rate ended.

        Not where it begins with other weights, or the search is another's.
        """
        inherits = self.plan.search == JOINT and self.plan.weights == INHERIT
        goes_on = inherits or not self.plan.trains_supernet
        return self.schedule == "one" and goes_on

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
        if self.guard:
            return True
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
        images = min(self.images_per_identity, 4)
        return dataclasses.replace(
            self,
            search_epochs=1,
            finetune_epochs=1,
            pretrain_epochs=1,
            evolution_population=4,
            evolution_generations=1,
            batch_size=2 * images if self.task == RETRIEVAL else 8,
            images_per_identity=images,
            accumulation_steps=min(self.accumulation_steps, 2),
        )

    def as_baseline(self) -> "Recipe":
        """Give the recipe of plain finetuning with as many epochs."""
        unlimited: dict[str, Any] = dict.fromkeys(BUDGETS.values())
        return dataclasses.replace(
            self,
            method="finetune",
            derived_weights=None,
            architecture=None,
            pretrain_dataset=None,
            relaxation=EXPECTATION,
            unrolled=False,
            calibrate=False,
            baseline=None,
            guard=False,
            workdir=None,
            **unlimited,
        )

    def list_tuned(self) -> list["Recipe"]:
        """List the recipes among which tuning chooses: this one is first."""
        rates = [
            self.learning_rate * TUNING_FACTOR ** ((k + 1) // 2 * (-1) ** k)
            for k in range(self.tune)
        ]
        return [
            dataclasses.replace(self, learning_rate=rate, tune=1, workdir=None)
            for rate in rates
        ]

    def to_dict(self) -> dict[str, Any]:
        """Give every choice by name."""
        return dataclasses.asdict(self)


def _list_defaults(names: tuple[str, ...]) -> list[tuple[str, Any]]:
    defaults = {
        field.name: field.default for field in dataclasses.fields(Recipe)
    }
    return [(name, defaults[name]) for name in names]


_LOWEST = {
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
    "source_lead": 0.0,
    "cost_weight": 0.0,
    "skip_inputs": 1,
    "pretrain_epochs": 1,
    "embedding_size": 1,
    "stripes": 1,
    "images_per_identity": 1,
    "triplet_margin": 0.0,
    "evolution_population": 1,
    "evolution_generations": 0,
    "tune": 1,
    "seed": 0,
}


def _invalid(name: str, expected: str, received: Any) -> ValueError:
    return ValueError(
        f"Invalid value for `{name}`. Expected {expected}. "
        f"Received: {received!r}."
    )
