"""Small models to export."""

import keras
from keras import layers

from ntaa_tf import Architecture
from ntaa_tf import SiteChoice
from ntaa_tf import collapse
from ntaa_tf import insert_mixed_ops
from ntaa_tf.export import export_saved_model
from ntaa_tf.layers.search_space import CANDIDATES


def make_model(seed=0, classes=4, layer=None):
    keras.utils.set_random_seed(seed)
    images = keras.Input((8, 8, 3))
    tensor = layers.Rescaling(1 / 127.5, -1)(images)
    tensor = layers.Conv2D(5, 3, use_bias=False)(tensor)
    tensor = layers.BatchNormalization()(tensor)
    tensor = layers.Dropout(0.5)(tensor)
    tensor = layer(tensor) if layer else tensor
    tensor = layers.GlobalAveragePooling2D()(tensor)
    return keras.Model(images, layers.Dense(classes)(tensor))


def make_adapted():
    """A collapsed model in which every candidate was chosen once.

    Channels grow and shrink, by whole factors and by others; some sites have
    a stride. The alphabetic order of the outputs differs from the model's.
    """
    keras.utils.set_random_seed(0)
    images = keras.Input((16, 16, 3))
    statistics = {"mean": [120, 110, 100], "variance": [900, 1600, 2500]}
    tensor = layers.Normalization(**statistics)(images)
    tensor = layers.Conv2D(4, 3, padding="same", name="stem")(tensor)
    for index, name in enumerate(CANDIDATES):
        before, strides = tensor, 2 if index in (4, 7) else 1
        # The kernel of the source must differ from the candidate's, or the site
        # would not offer it.
        tensor = layers.Conv2D(
            (8, 4, 6)[index % 3],
            5 if name == "conv3x3" else 3,
            strides=strides,
            padding="same",
            name=name,
        )(before)
        tensor = layers.ReLU()(layers.BatchNormalization()(tensor))
        if strides == 1:
            tensor = layers.Concatenate()([tensor, before[..., :3]])
    tensor = layers.GlobalAveragePooling2D()(tensor)
    outputs = [layers.Dense(4)(tensor), layers.Dense(3)(tensor)]
    source = keras.Model(images, outputs)
    supernet = insert_mixed_ops(source, candidates=",".join(CANDIDATES))
    chosen = {name: SiteChoice(name) for name in CANDIDATES}
    return collapse(supernet, Architecture(chosen))


OUTPUTS = ("kind", "age")  # Names of the outputs of `make_adapted`.


def write(model, directory):
    """Write the formats of every run and return the files by format."""
    files = {
        "keras": directory / "a.keras",
        "saved_model": directory / "saved_model",
    }
    model.save(files["keras"])
    export_saved_model(model, files["saved_model"])
    return files
