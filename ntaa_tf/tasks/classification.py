"""Classification: a head, a loss, metrics."""

import itertools

import keras


def attach_classifier(
    features: keras.Model, num_classes: int, seed: int = 0
) -> keras.Model:
    """Put a linear classifier on a feature map.

    Args:
        features: a model from images to maps (batch, height, width, channels).
        num_classes: how many logits the classifier gives.
        seed: of its kernel.

    Returns:
        A model from images to logits (batch, classes). Its new layers are
        `global_pooling` and `classifier`, numbered where `features` has a
        layer of this name.
    """
    pooled = keras.layers.GlobalAveragePooling2D(
        name=_find_free_name("global_pooling", features)
    )(features.output)
    logits = keras.layers.Dense(
        num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        name=_find_free_name("classifier", features),
    )(pooled)
    return keras.Model(features.input, logits, name=features.name)


def replace_classifier(
    model: keras.Model, num_classes: int, seed: int = 0
) -> keras.Model:
    """Put another linear classifier in the place of a model's last layer.

    Args:
        model: its last layer is a Dense.
        num_classes: how many logits the new classifier gives.
        seed: of its kernel.

    Returns:
        A model that shares all other layers with `model`.
    """
    last = model.layers[-1]
    classifier = keras.layers.Dense(
        num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        name=last.name,
    )
    return keras.Model(model.input, classifier(last.input), name=model.name)


def compile_options() -> dict:
    """Give what `compile` needs of the task: its loss and its metrics."""
    return {
        "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
        "metrics": [keras.metrics.CategoricalAccuracy(name="accuracy")],
    }


def _find_free_name(name: str, model: keras.Model) -> str:
    taken = {operation.name for operation in model.operations}
    numbered = (f"{name}_{number}" for number in itertools.count(1))
    free = itertools.chain([name], numbered)
    return next(candidate for candidate in free if candidate not in taken)
