"""Classification: a head, a loss, metrics."""

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
        A model from images to logits (batch, classes).
    """
    pooled = keras.layers.GlobalAveragePooling2D(name="global_pooling")(
        features.output
    )
    logits = keras.layers.Dense(
        num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        name="classifier",
    )(pooled)
    return keras.Model(features.input, logits, name=features.name)


def compile_options() -> dict:
    """Give what `compile` needs of the task: its loss and its metrics."""
    return {
        "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
        "metrics": [keras.metrics.CategoricalAccuracy(name="accuracy")],
    }
