"""Every choice of a run, its default and its meaning."""

import dataclasses
from dataclasses import dataclass
from typing import Any

from ntaa_tf.export.formats import FORMATS
from ntaa_tf.recipe.clashes import check_clashes
from ntaa_tf.recipe.limit import Limit
from ntaa_tf.recipe.limit import parse_limit
from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.recipe.methods import INHERIT
from ntaa_tf.recipe.methods import JOINT
from ntaa_tf.recipe.methods import METHODS
from ntaa_tf.recipe.methods import WEIGHTS
from ntaa_tf.recipe.methods import Method
from ntaa_tf.recipe.names import ADIENCE
from ntaa_tf.recipe.names import ATTRIBUTES
from ntaa_tf.recipe.names import BUDGETS
from ntaa_tf.recipe.names import CELLS_MODEL
from ntaa_tf.recipe.names import CLASSIFICATION
from ntaa_tf.recipe.names import EMBEDDED_DATASET
from ntaa_tf.recipe.names import EMBEDDED_MODEL
from ntaa_tf.recipe.names import EXPECTATION
from ntaa_tf.recipe.names import RELAXATIONS
from ntaa_tf.recipe.names import TASKS
from ntaa_tf.recipe.ranges import check_ranges


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
        "Source model: a name of keras.applications in lower case, alexnet, "
        "inception_v2, a .keras file, hub: and a preset of KerasHub, "
        "package.module:function of your own, the embedded digits0to4, or "
        "autoreid, untrained cells.",
    )
    weights: str = _choice(
        "imagenet",
        "Weights of a named model or a function's: imagenet, none, or a "
        "weights file.",
    )
    preprocessing: str | None = _choice(
        None,
        "What the images of a .keras file, or of a function's model, went "
        "through: none, tf, torch or caffe. To be said unless the file begins "
        "with a Rescaling.",
    )
    task: str = _choice(
        None,
        "What is learnt: the class of an image, an embedding by which unseen "
        "identities are found in a gallery, or several attributes of an image. "
        "By default attributes for adience, else classification.",
        TASKS,
    )
    dataset: str = _choice(
        EMBEDDED_DATASET,
        "Data set: digits, digits0to4, digits5to9, a name of "
        "tensorflow-datasets, or folder:PATH. For retrieval: market1501, "
        "cuhk03_detected, cuhk03_labeled, veri776, personx, or "
        "market:PATH. For attributes: adience, or folder:PATH with a "
        "labels.csv in it.",
    )
    target: str | None = _choice(
        None,
        "For attributes: those that are learnt, separated by commas; of "
        "adience age, gender or both. By default all.",
    )
    ordinal: str | None = _choice(
        None,
        "For attributes: those whose classes have an order, separated by "
        "commas, of which a class off is told as well. Of adience age is.",
    )
    fold: int = _choice(0, "For adience: the fold that is tested on, 0 to 4.")
    source_dataset: str | None = _choice(
        None,
        "Domain adaptation: what weights are trained on instead, named as "
        "--dataset is, which is then the target and has the test split. "
        "Several are separated by commas.",
    )
    target_images_per_class: int | None = _choice(
        None,
        "For bilevel: how many training images of each class, or identity, of "
        "the target judge the architecture; by default all.",
    )
    target_head: bool = _choice(
        False,
        "For bilevel and retrieval: judge the architecture by a classifier of "
        "the target's identities as well, which is trained beside it, and not "
        "by triplets alone.",
    )
    data_dir: str | None = _choice(
        None,
        "Where tensorflow-datasets, the retrieval set, or adience, is kept.",
    )
    source_data_dir: str | None = _choice(
        None, "The same for --source_dataset; by default --data_dir."
    )
    image_size: str | None = _choice(
        None,
        "Pixels: the side of a square, or height and width such as 256x128. "
        "By default what fits both.",
    )
    resize: str | None = _choice(
        None,
        "Pixels that images are resized to, to be cropped to --image_size: at "
        "random where they are learnt from, else around their centre. By "
        "default as large.",
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
        "have the same epochs; transfer has --transfer_epochs more, and "
        "unsupervised --supernet_epochs, once for all tasks.",
        tuple(METHODS),
    )
    derived_weights: str | None = _choice(
        None,
        "What finetuning begins with: inherited weights, scratch, or transfer, "
        "trained from scratch on --transfer_dataset. By default what the "
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
    transfer_dataset: str | None = _choice(
        None, "For transfer: what an architecture is pretrained on."
    )
    transfer_epochs: int = _choice(30, "For transfer: epochs on it.")
    supernet: str | None = _choice(
        None,
        "For unsupervised: the directory of a supernet that learnt without "
        "labels; where there is none it is trained there. By default in the "
        "work directory.",
    )
    supernet_dataset: str | None = _choice(
        None,
        "For unsupervised: the images that it learns from; by default those "
        "of --dataset.",
    )
    supernet_epochs: int = _choice(30, "For unsupervised: epochs of that.")
    queue_length: int = _choice(
        4096, "For unsupervised: keys of other images that a query meets."
    )
    key_size: int = _choice(
        128,
        "For unsupervised: numbers of a key; where the source has no more "
        "channels, they are the key.",
    )
    key_temperature: float = _choice(
        0.2, "For unsupervised: the temperature of InfoNCE."
    )
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
    search_space: str | None = _choice(
        None,
        "For autoreid: the operations of its cells; those for classification "
        "are without the part-aware module. By default those of --task.",
        TASKS,
    )
    channels: int = _choice(
        32, "For autoreid: channels of the stem, and of the first cells."
    )
    cells_per_block: int = _choice(
        2, "For autoreid: cells of each of its four blocks."
    )
    relaxation: str = _choice(
        EXPECTATION,
        "Mix all candidates in every step, or evaluate one: drawn by the "
        "logits (gumbel), or uniformly (single_path), of which evolution finds "
        "the best.",
        RELAXATIONS,
    )
    unrolled: bool = _choice(
        False, "For darts and bilevel: second order, at three times the cost."
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
        ("inherit", "random"),
    )
    calibrate: bool = _choice(
        False,
        "Scale candidates without weights to the deviation of the source's own "
        "operation at their site.",
    )
    start: str = _choice(
        "exact",
        "Begin at the source's own network, larger kernels being its own and "
        "taps around them; or at the paper's mixture of separate kernels.",
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
        ("none", "float16", "bfloat16"),
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
    distribute: str = _choice(
        "none",
        "Where training runs: on one device; mirrored on all GPUs of this "
        "machine; on the multiworker cluster that TF_CONFIG names; or on a "
        "tpu. Each device has a part of every batch and all weights.",
        ("none", "mirrored", "multiworker", "tpu"),
    )
    sync_batch_norm: bool = _choice(
        False,
        "On several devices: let batch norm take its statistics from "
        "whole batches, and not from the part that a device has.",
    )
    learning_rate: float = _choice(0.02, "Of the weights, at first.")
    weight_decay: float = _choice(1e-3, "Of the kernels, decoupled.")
    schedule: str = _choice(
        "one",
        "One cosine through search and finetuning, or one for each.",
        ("one", "two"),
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
        "By how much the logit of the source's own operation, and of those "
        "that begin as it, exceeds the others at first. By default 3. With "
        "--start=paper 1, and of the source's own alone, as there; 0 for "
        "unsupervised.",
    )
    warm_up: float = _choice(
        0.25, "Share of the search in which no logit moves yet."
    )
    source_penalty: float = _choice(
        3e-4,
        "Strength of the penalty on the source's operations: it prefers others "
        "where the loss tells no difference, larger kernels among them.",
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
    export: str = _choice(
        "saved_model",
        "What is written beside adapted.keras, separated by commas: "
        f"{', '.join(FORMATS)}.",
    )
    seed: int = _choice(0, "Of everything random.")
    deterministic: bool = _choice(
        False,
        "Give the same bits whenever the same command is run on the same kind "
        "of machine, killed on the way or not; slower on GPUs.",
    )
    workdir: str | None = _choice(
        None,
        "Where the run is kept. By default where an unfinished run of the same "
        "flags is, below runs/; else in a new directory there, named after the "
        "model, the data set, the method and the time.",
    )
    smoke: bool = _choice(
        False, "Shrink data and epochs: every stage, in little time."
    )

    def __post_init__(self) -> None:
        if self.task is None:
            object.__setattr__(self, "task", _tell_task(self.dataset))
        check_ranges(self)
        check_clashes(self)

    @property
    def plan(self) -> Method:
        """What the method does, and what its weights begin with."""
        method = METHODS[self.method]
        weights = self.derived_weights or method.weights
        return dataclasses.replace(method, weights=weights)

    @property
    def searches_cells(self) -> bool:
        """Whether cells are searched instead of sites."""
        return self.model == CELLS_MODEL

    @property
    def is_careful(self) -> bool:
        """Whether new kernels move with care beside those that they inherit.

        Not in the paper's training, nor where a step is looked ahead of.
        """
        inherits = (
            self.candidate_weights == "inherit" and not self.searches_cells
        )
        return inherits and self.start == "exact" and not self.unrolled

    @property
    def searched_epochs(self) -> int:
        """Epochs that train a supernet; finetuning has the others."""
        return self.search_epochs if self.plan.trains_supernet else 0

    @property
    def one_cosine(self) -> bool:
        """Whether finetuning goes on where the search's learning rate ended.

        Not where it begins with other weights, with weights that rested, or
        the search is another's.
        """
        trains_all = self.plan.search == JOINT or self.method == ACROSS_DOMAINS
        inherits = trains_all and self.plan.weights == INHERIT
        learnt = inherits and not self.plan.self_supervises
        goes_on = learnt or not self.plan.trains_supernet
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

    def to_dict(self) -> dict[str, Any]:
        """Give every choice by name."""
        return dataclasses.asdict(self)


def _tell_task(dataset: str) -> str:
    """Give the task of a data set that is of one alone."""
    return ATTRIBUTES if dataset == ADIENCE else CLASSIFICATION
