"""Choices of a source domain and a target domain."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import BY_METHOD_BILEVEL
from ntaa_tf.recipe.conditions import FOR_RETRIEVAL
from ntaa_tf.recipe.conditions import WITH_SOURCE_DOMAIN


@dataclass(frozen=True)
class Domains(Section):
    """A source domain that the weights learn from, beside the target domain."""

    title = "Two domains"

    source_dataset: str | None = choice(
        None,
        "Data set of the source domain, named as --dataset is; several are "
        "separated by commas. Weights learn from it, and --dataset becomes "
        "the target domain, whose test split is measured.",
    )
    source_data_dir: str | None = choice(
        None,
        "Directory of --source_dataset. Default: --data_dir.",
        used_with=WITH_SOURCE_DOMAIN,
    )
    target_images_per_class: int | None = choice(
        None,
        "Number of training images of each target class, or identity, that "
        "the architecture learns from. Default: all.",
        minimum=1,
        used_with=BY_METHOD_BILEVEL,
    )
    target_head: bool = choice(
        False,
        "Classifier of the target's identities, trained beside the network; "
        "the architecture then learns from its cross-entropy as well as from "
        "the triplet loss.",
        used_with=FOR_RETRIEVAL,
    )
