"""Choices of distillation: what a teacher adds to the labels."""

from dataclasses import dataclass

from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import COMPARES_LOGITS
from ntaa_tf.recipe.conditions import TAUGHT_BY_SOURCE
from ntaa_tf.recipe.conditions import WITH_TEACHER


@dataclass(frozen=True)
class Distillation(Section):
    """A trained network that teaches the network of this run."""

    title = "Distillation"

    distill: bool = choice(
        False,
        "Distillation: the finetuned source teaches the network, beside the "
        "labels, in the search and in finetuning.",
        "the finetuned source teaches the network",
    )
    teacher: str | None = choice(
        None,
        "Teacher: a .keras file that reads pixels from 0 to 255 and returns "
        "logits of the same classes, or for retrieval an embedding. Default: "
        "the finetuned source.",
        used_with=WITH_TEACHER,
    )
    teacher_image_size: str | None = choice(
        None,
        "Image size in pixels at which the source is finetuned to be the "
        "teacher, larger than --image_size: the side of a square, or height "
        "and width. Both networks see the same augmented images. Without it "
        "the baseline is the teacher.",
        parse=parse_size,
        used_with=TAUGHT_BY_SOURCE,
    )
    distillation_weight: float = choice(
        0.7,
        "Weight of the teacher in the loss, 0 to 1; the labels have the rest.",
        minimum=0,
        maximum=1,
        used_with=WITH_TEACHER,
    )
    distillation_temperature: float = choice(
        4.0,
        "Softmax temperature at which the logits of the network and its "
        "teacher are compared.",
        above=0,
        used_with=COMPARES_LOGITS,
    )
