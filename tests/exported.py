"""Small models to export."""

import keras
from keras import layers

from ntaa_tf.export import export_saved_model


def make_model(seed=0, classes=4, layer=None, normalized=False):
    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 3))
    tensor = layers.Rescaling(1 / 127.5, -1)(images)
    if normalized:
        statistics = {"mean": [0, 0.1, 0.2], "variance": [1, 2, 3]}
        tensor = layers.Normalization(**statistics)(tensor)
    tensor = layers.Conv2D(5, 3, use_bias=False)(tensor)
    tensor = layers.BatchNormalization()(tensor)
    tensor = layers.Dropout(0.5)(tensor)
    tensor = layer(tensor) if layer else tensor
    tensor = layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(images, layers.Dense(classes)(tensor))


def make_two_outputs():
    """A model that names would sort otherwise, and with a Normalization."""
    model = make_model(normalized=True)
    more = layers.Dense(3)(model.layers[-1].input)
    return keras.Model(model.inputs, [model.output, more])


TWO_OUTPUTS = ("kind", "age")


def write(model, directory):
    """Write what every run writes; give the files by their formats."""
    files = {
        "keras": directory / "a.keras",
        "saved_model": directory / "saved_model",
    }
    model.save(files["keras"])
    export_saved_model(model, files["saved_model"])
    return files
