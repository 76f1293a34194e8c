"""Choices of the retrieval task."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import FOR_RETRIEVAL
from ntaa_tf.recipe.conditions import WITH_STRIPES
from ntaa_tf.recipe.values import EMBEDDING
from ntaa_tf.recipe.values import HEADS


@dataclass(frozen=True)
class Retrieval(Section):
    """The embedding, its losses, and how it is measured."""

    title = "Retrieval"

    head: str = choice(
        EMBEDDING,
        "Head on the last feature map: embedding has one embedding and a "
        "classifier behind batch norm, stripes an embedding and a classifier "
        "for each horizontal stripe.",
        options=HEADS,
        used_with=FOR_RETRIEVAL,
    )
    embedding_size: int | None = choice(
        None,
        "Number of channels of the embedding, or of a stripe's. Default: those "
        "of the last feature map, and 256 for a stripe.",
        minimum=1,
        used_with=FOR_RETRIEVAL,
    )
    stripes: int = choice(
        6,
        "Number of horizontal stripes of the last feature map.",
        minimum=1,
        used_with=WITH_STRIPES,
    )
    images_per_identity: int = choice(
        4,
        "Number of images of each identity in a batch; it divides "
        "--batch_size.",
        minimum=1,
        used_with=FOR_RETRIEVAL,
    )
    cross_entropy_weight: float = choice(
        0.5,
        "Weight of the identities' cross-entropy in the loss, 0 to 1; the "
        "triplet loss has the rest.",
        minimum=0,
        maximum=1,
        used_with=FOR_RETRIEVAL,
    )
    triplet_margin: float = choice(
        0.3,
        "Margin of the triplet loss: how much farther another identity must "
        "be.",
        minimum=0.0,
        used_with=FOR_RETRIEVAL,
    )
    label_smoothing: float = choice(
        0.0,
        "Label smoothing of the identities, 0 or more and below 1.",
        minimum=0,
        below=1,
        used_with=FOR_RETRIEVAL,
    )
    average_precision: str = choice(
        "rectangular",
        "Definition of average precision: rectangular as in torchreid and "
        "fast-reid, trapezoidal as in Market-1501's own code.",
        options=("rectangular", "trapezoidal"),
        used_with=FOR_RETRIEVAL,
    )
