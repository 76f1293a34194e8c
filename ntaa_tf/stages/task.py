"""The task that a recipe asks for."""

from ntaa_tf.recipe import CLASSIFICATION
from ntaa_tf.recipe import Recipe
from ntaa_tf.tasks.classification import Classification
from ntaa_tf.tasks.retrieval import Retrieval
from ntaa_tf.tasks.task import Task


def make_task(recipe: Recipe) -> Task:
    """Make the task that a recipe asks for."""
    if recipe.task == CLASSIFICATION:
        return Classification()
    return Retrieval(
        head=recipe.head,
        embedding_size=recipe.embedding_size,
        stripes=recipe.stripes,
        images_per_class=recipe.images_per_identity,
        cross_entropy_weight=recipe.cross_entropy_weight,
        margin=recipe.triplet_margin,
        label_smoothing=recipe.label_smoothing,
        average_precision=recipe.average_precision,
    )
