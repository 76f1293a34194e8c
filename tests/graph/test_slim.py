"""A slimmed model is the model with masks where its kernels read."""

import keras
import numpy as np
import pytest
from graph.tied_channels import TIED
from graph.tied_channels import draw_weights
from graph.tied_channels import flattened_map
from graph.tied_channels import one_convolution_of_two_tensors
from graph.tied_channels import padded_with_zero_channels
from keras import ops

from ntaa_tf import list_channel_groups
from ntaa_tf import slim
from ntaa_tf.graph.channel_groups import ChannelMap
from ntaa_tf.graph.rewrite import rewrite


def draw_kept(model, rng, share=0.6):
    """Draw the kept channels of most groups that can be cut."""
    return {
        name: np.sort(rng.permutation(group.width)[: _count(group, share)])
        for name, group in list_channel_groups(model).items()
        if group.pinned is None and rng.random() < 0.8
    }


def _count(group, share):
    return max(1, int(share * group.width))


def mask_readers(model, kept):
    """Return the model with masks at the inputs of its kernels.

    A mask before a batch norm would be another model: what leaves the norm is
    its offset, not zero.
    """
    channels = ChannelMap(model)
    masks = {
        name: np.isin(np.arange(channels.groups[name].width), indices)
        for name, indices in kept.items()
    }

    def mask(layer, numbers):
        copy = type(layer).from_config(layer.get_config())
        kept_here = np.zeros(len(numbers), "float32")
        kept_here[channels.select(numbers, masks)] = 1.0

        def call(tensor):
            output = copy(ops.multiply(tensor, kept_here))
            copy.set_weights(layer.get_weights())
            return output

        return call

    trace = channels.trace
    layers = {layer.name: layer for layer in channels.model.layers}
    return rewrite(
        channels.model,
        {
            name: mask(layers[name], numbers)
            for name, numbers in trace.reads.items()
            if name in trace.makers
        },
    )


def draw_images(model, rng):
    shape = (2, *model.inputs[0].shape[1:])
    return (50 * rng.normal(size=shape) + 100).astype("float32")


def compute(model, images):
    return [np.array(each) for each in keras.tree.flatten(model(images))]


def measure_difference(first, second):
    return max(
        np.abs(one - other).max() / np.abs(other).max()
        for one, other in zip(first, second, strict=True)
    )


def check(model, rng):
    kept, images = draw_kept(model, rng), draw_images(model, rng)
    assert kept
    slimmed = slim(model, kept)
    found = compute(slimmed, images)
    expected = compute(mask_readers(model, kept), images)
    assert measure_difference(found, expected) < 1e-5
    # The cut channels mattered.
    assert measure_difference(found, compute(model, images)) > 1e-3
    assert slimmed.count_params() < model.count_params()


@pytest.mark.parametrize("make", TIED, ids=lambda make: make.__name__)
def test_tied_channels_are_cut_together(make, rng):
    check(make(), rng)


APPLICATIONS = {
    "MobileNetV3Small": 32,
    **dict.fromkeys(("VGG16", "ResNet50", "ResNet50V2", "MobileNet"), 32),
    **dict.fromkeys(("MobileNetV2", "EfficientNetB0", "DenseNet121"), 32),
    **dict.fromkeys(("EfficientNetV2B0", "ConvNeXtTiny"), 32),
    **dict.fromkeys(("InceptionV3", "Xception"), 75),
}


@pytest.mark.long
@pytest.mark.parametrize("name", APPLICATIONS)
def test_networks_of_the_zoo_are_slimmed(name, rng):
    size = APPLICATIONS[name]
    build = getattr(keras.applications, name)
    has_top = name == "VGG16"  # Its Dense layers read a flattened map.
    model = build(
        weights=None, include_top=has_top, input_shape=(size, size, 3)
    )
    check(draw_weights(model), rng)


def test_keeping_everything_changes_nothing(rng):
    model = padded_with_zero_channels()
    kept = {
        name: np.arange(group.width)
        for name, group in list_channel_groups(model).items()
        if group.pinned is None
    }
    images = draw_images(model, rng)
    for same in (slim(model, {}), slim(model, kept)):
        for one, other in zip(
            same.get_weights(), model.get_weights(), strict=True
        ):
            np.testing.assert_array_equal(one, other)
        assert (
            measure_difference(compute(same, images), compute(model, images))
            == 0
        )


def test_slimming_twice_is_slimming_once(rng):
    model = one_convolution_of_two_tensors()
    first = draw_kept(model, rng, 0.8)
    half = slim(model, first)
    second = draw_kept(half, rng, 0.5)
    composed = {
        name: first.get(name, np.arange(group.width))[
            second.get(name, slice(None))
        ]
        for name, group in list_channel_groups(model).items()
        if name in {*first, *second}
    }
    twice, once = slim(half, second), slim(model, composed)
    for one, other in zip(twice.get_weights(), once.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_model_stays_as_it_was(rng):
    model = flattened_map()
    before = model.get_weights()
    slim(model, draw_kept(model, rng))
    for one, other in zip(model.get_weights(), before, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_slimmed_model_keeps_what_its_layers_were_told(rng, tmp_path):
    images = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(6, 3, name="first", dtype="mixed_bfloat16")
    hidden.trainable = False
    model = keras.Model(images, keras.layers.Conv2D(4, 3)(hidden(images)))
    slimmed = slim(model, {"first": [5, 1]})
    layer = slimmed.get_layer("first")
    assert layer.dtype_policy.name == "mixed_bfloat16"
    assert not layer.trainable
    slimmed.save(tmp_path / "slim.keras")
    reopened = keras.models.load_model(tmp_path / "slim.keras")
    values = rng.normal(size=(1, 8, 8, 3)).astype("float32")
    np.testing.assert_array_equal(reopened(values), slimmed(values))


@pytest.mark.parametrize(
    ("kept", "message"),
    [
        ({"other": [0]}, "Expected names of groups"),
        ({"first": []}, "at least one index from 0 to 5"),
        ({"first": [6]}, "at least one index from 0 to 5"),
        ({"first": [-1]}, "at least one index"),
        ({"first": [1, 1]}, "each once"),
        ({"first": [0.5]}, "at least one index"),
        ({"last": [0]}, "can't be narrowed: an output of the model"),
    ],
)
def test_wrong_channels_are_refused(kept, message):
    images = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(6, 3, name="first")(images)
    model = keras.Model(images, keras.layers.Conv2D(4, 3, name="last")(hidden))
    with pytest.raises(ValueError, match=message):
        slim(model, kept)
