"""Which layers partial finetuning freezes."""

import keras
import pytest
from keras import layers

from ntaa_tf.training.freezing import freeze_before


def make_model():
    tensor = inputs = keras.Input((8, 8, 3))
    for name in "abcd":
        tensor = layers.Conv2D(2, 3, padding="same", name=name)(tensor)
        tensor = layers.ReLU()(tensor)
    return keras.Model(inputs, tensor)


@pytest.mark.parametrize(
    ("first", "frozen"),
    [("a", ""), ("c", "ab"), ("0.5", "ab"), ("0", ""), ("0.99", "abc")],
)
def test_layers_before_the_first_are_frozen(first, frozen):
    model = make_model()
    assert [layer.name for layer in freeze_before(model, first)] == [*frozen]
    trained = [*"abcd"[len(frozen) :]]
    assert [v.path[0] for v in model.trainable_variables[::2]] == trained


def test_what_was_frozen_before_is_not_told():
    model = make_model()
    model.get_layer("a").trainable = False
    assert [layer.name for layer in freeze_before(model, "c")] == ["b"]


@pytest.mark.parametrize("first", ["1", "-0.1", "nan", "e"])
def test_anything_else_is_refused(first):
    with pytest.raises(ValueError, match="trainable_from"):
        freeze_before(make_model(), first)
