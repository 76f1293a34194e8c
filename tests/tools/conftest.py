import keras
import pytest
from keras import layers


def make_source():
    """Build a stem, a strided spatial site, a large and a pointwise site."""
    inputs = keras.Input((8, 8, 3))
    hidden = layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    hidden = layers.Conv2D(4, 3, strides=2, padding="same", name="spatial")(
        hidden
    )
    hidden = layers.Conv2D(4, 7, padding="same", name="large")(hidden)
    hidden = layers.Conv2D(6, 1, name="pointwise")(hidden)
    pooled = layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(inputs, layers.Dense(2)(pooled), name="tiny")


@pytest.fixture(scope="module")
def source():
    return make_source()


@pytest.fixture(scope="session")
def source_file(tmp_path_factory):
    """Save a stem and one site: the steps of its supernets are soon traced."""
    source = make_source()
    pooled = layers.GlobalAveragePooling2D()(source.get_layer("spatial").output)
    model = keras.Model(source.input, layers.Dense(2)(pooled), name="tiny")
    file = tmp_path_factory.mktemp("models") / "tiny.keras"
    model.save(file)
    return str(file)
