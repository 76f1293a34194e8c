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


@pytest.fixture
def source():
    return make_source()


@pytest.fixture(scope="session")
def source_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("models") / "tiny.keras"
    make_source().save(file)
    return str(file)
