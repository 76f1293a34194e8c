"""Choices of a supernet that is pretrained without labels."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import WITHOUT_LABELS


@dataclass(frozen=True)
class Unsupervised(Section):
    """Contrastive pretraining of a supernet, once for all tasks."""

    title = "Without labels"

    supernet: str | None = choice(
        None,
        "Directory of a supernet trained without labels, which several tasks "
        "can share; a missing one is trained there. Default: a directory in "
        "the run directory.",
        used_with=WITHOUT_LABELS,
    )
    supernet_dataset: str | None = choice(
        None,
        "Data set whose training images the supernet learns from. Default: "
        "--dataset.",
        used_with=WITHOUT_LABELS,
    )
    supernet_epochs: int = choice(
        30,
        "Number of epochs of the supernet's training.",
        minimum=1,
        used_with=WITHOUT_LABELS,
    )
    queue_length: int = choice(
        4096,
        "Number of keys of earlier images that a query is contrasted with.",
        minimum=1,
        used_with=WITHOUT_LABELS,
    )
    key_size: int = choice(
        128,
        "Number of components of a key. A source model with no more channels "
        "uses its channels as the key.",
        minimum=1,
        used_with=WITHOUT_LABELS,
    )
    key_temperature: float = choice(
        0.2,
        "Softmax temperature of the InfoNCE loss.",
        above=0,
        used_with=WITHOUT_LABELS,
    )
