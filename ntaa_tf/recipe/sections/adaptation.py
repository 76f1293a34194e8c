"""Choices of the method, and of the trainings that are compared with it."""

import dataclasses
from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import COMPARES_WITH_BASELINE
from ntaa_tf.recipe.conditions import FINETUNES_PARTLY
from ntaa_tf.recipe.conditions import RETRAINS
from ntaa_tf.recipe.conditions import TRANSFERS
from ntaa_tf.recipe.conditions import WEIGHS_COSTS
from ntaa_tf.recipe.conditions import WITH_LABELS
from ntaa_tf.recipe.methods import METHODS
from ntaa_tf.recipe.methods import WEIGHTS
from ntaa_tf.recipe.methods import Method
from ntaa_tf.recipe.presets import NO_PRESET
from ntaa_tf.recipe.presets import PRESETS
from ntaa_tf.recipe.values import HANDED_OVER
from ntaa_tf.recipe.values import PROVEN


@dataclass(frozen=True)
class Adaptation(Section):
    """How the source model becomes the adapted model."""

    title = "Method"

    method: str = choice(
        "ntaa",
        "Method that finds the architecture and decides its initial weights. "
        "All methods train for the same number of epochs; the transfer methods "
        "train --transfer_epochs more, and unsupervised trains a supernet for "
        "--supernet_epochs, once for all tasks.",
        "ntaa, or finetune, random, darts and more",
        options=tuple(METHODS),
    )
    preset: str = choice(
        NO_PRESET,
        "Preset of the search: paper sets every choice as the papers have it, "
        "such as the search space, the start and the end of the mixture. A "
        "flag given beside it wins.",
        "paper: search as the papers do",
        options=tuple(PRESETS),
    )
    derived_weights: str | None = choice(
        None,
        "Initial weights of finetuning: inherit keeps the weights of the "
        "supernet, scratch draws new ones, transfer trains new ones on "
        "--transfer_dataset first. Default: decided by the method.",
        options=WEIGHTS,
    )
    architecture: str | None = choice(
        None,
        "Architecture to retrain: the file architecture.json of another run.",
        used_with=RETRAINS,
    )
    trainable_from: str = choice(
        "0.5",
        "First layer that partial finetuning trains: its name, or the share of "
        "the layers before it.",
        used_with=FINETUNES_PARTLY,
    )
    transfer_dataset: str | None = choice(
        None,
        "Data set that a transfer method trains the derived architecture on, "
        "before it is finetuned.",
        used_with=TRANSFERS,
    )
    transfer_epochs: int = choice(
        30,
        "Number of epochs on --transfer_dataset.",
        minimum=1,
        used_with=TRANSFERS,
    )
    baseline: bool | None = choice(
        None,
        "Baseline: also finetune the source model for as many epochs, and "
        "compare. Default: on.",
        "also finetune the source model, and compare",
    )
    hand_over: str = choice(
        PROVEN,
        "Network that becomes adapted.keras: proven takes the network of the "
        "method if the validation images show that it is better than the "
        "baseline beyond chance, or if it is cheaper and not worse beyond "
        "--tolerance, or better at the same cost; otherwise the baseline, if "
        "that keeps the limits. searched takes the network of the method in "
        "any case.",
        "proven, or searched in any case",
        options=HANDED_OVER,
        used_with=COMPARES_WITH_BASELINE,
    )
    tolerance: float | None = choice(
        None,
        "Points of the validation score that a cheaper network may lose. "
        "Default: half a point, or one standard error of the difference where "
        "that is larger.",
        minimum=0.0,
        maximum=100.0,
        used_with=WEIGHS_COSTS,
    )
    learning_rate_trials: int = choice(
        1,
        "Number of learning rates around --learning_rate that are tried, each "
        "by a whole training; the validation split decides.",
        minimum=1,
        used_with=WITH_LABELS,
    )

    @property
    def plan(self) -> Method:
        """The steps of the method, with the chosen initial weights."""
        method = METHODS[self.method]
        weights = self.derived_weights or method.weights
        return dataclasses.replace(method, weights=weights)
