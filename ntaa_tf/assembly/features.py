"""The source model of a run, without a head."""

import keras

from ntaa_tf import zoo
from ntaa_tf.graph.last_stride import remove_last_stride
from ntaa_tf.image_size import Size
from ntaa_tf.recipe import Recipe
from ntaa_tf.training.precision import set_precision


def load_features(
    recipe: Recipe,
    info: zoo.SourceInfo,
    image_size: Size,
    trained: bool = True,
) -> keras.Model:
    """Load what gives the last map of images.

    Args:
        recipe: the choices.
        info: the source model.
        image_size: height and width in pixels.
        trained: whether its weights matter.
    """
    keras.utils.set_random_seed(recipe.seed)
    features = zoo.load_source(info, image_size, trained)
    set_precision(features)  # A file's layers may bring another.
    if recipe.last_stride == 1:
        features = remove_last_stride(features)
    return features
