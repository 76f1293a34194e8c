"""Choices of the training of weights."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import FINETUNES_SEARCHED_WEIGHTS
from ntaa_tf.recipe.values import CLASS_WEIGHTS
from ntaa_tf.recipe.values import JOINT_SCHEDULE
from ntaa_tf.recipe.values import KEPT
from ntaa_tf.recipe.values import LAST
from ntaa_tf.recipe.values import LEAST_STEPS
from ntaa_tf.recipe.values import SCHEDULES
from ntaa_tf.recipe.values import UNWEIGHTED


@dataclass(frozen=True)
class Training(Section):
    """Epochs, batches, and the optimizer of the weights."""

    title = "Training"

    search_epochs: int = choice(
        10,
        "Number of epochs of the search. A method without a search trains its "
        "weights for them. Where neither number of epochs is given and a run "
        f"would have fewer than {LEAST_STEPS} batches, both grow.",
        "epochs of the search",
        minimum=1,
    )
    finetune_epochs: int = choice(
        20,
        "Number of epochs of finetuning after the search.",
        "epochs of finetuning after the search",
        minimum=0,
    )
    batch_size: int = choice(
        32, "Number of images in a batch.", "images in a batch", minimum=1
    )
    learning_rate: float = choice(
        0.02,
        "Initial learning rate of the network weights.",
        "initial learning rate of the weights",
        minimum=0.0,
    )
    weight_decay: float = choice(
        1e-3, "Decoupled weight decay of the kernels.", minimum=0.0
    )
    schedule: str = choice(
        JOINT_SCHEDULE,
        "Learning-rate schedule: joint runs one cosine through search and "
        "finetuning, separate runs one for each.",
        options=SCHEDULES,
        used_with=FINETUNES_SEARCHED_WEIGHTS,
    )

    class_weights: str = choice(
        UNWEIGHTED,
        "Weights of the classes in the training loss: balanced weighs each "
        "image by the inverse frequency of its class in the training images, "
        "of mean 1, so that rare classes count as much as frequent ones. For "
        "attributes, each attribute has weights of its own.",
        "balanced: rare classes count as much",
        options=CLASS_WEIGHTS,
    )

    keep: str = choice(
        LAST,
        "Epoch of finetuning whose weights are kept: last, or best by the "
        "validation score; of equally good epochs the last. The same for the "
        "baseline.",
        "last, or best by validation",
        options=KEPT,
    )

    @property
    def total_epochs(self) -> int:
        """Epochs of the whole run, the same for every method."""
        return self.search_epochs + self.finetune_epochs
