"""A `.keras` file is loaded, cut and rebuilt as a source, or refused."""

import pathlib

import keras
import numpy as np
import pytest

from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo.cutting import cut_classifier

WEIGHTS = pathlib.Path(__file__).parents[2] / "../shared/data/weights"


def _body(inputs):
    x = keras.layers.Conv2D(4, 3, padding="same", name="conv")(inputs)
    squeezed = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    excitation = keras.layers.Conv2D(4, 1, activation="sigmoid")(squeezed)
    return keras.layers.Multiply(name="map")([x, excitation])


def _pooled(x):
    x = keras.layers.GlobalMaxPooling2D()(x)
    return keras.layers.Dense(5)(keras.layers.Dropout(0.5)(x))


def _flattened(x):
    return keras.layers.Dense(5)(keras.layers.Flatten()(x))


def _convolutional(x):
    x = keras.layers.GlobalAveragePooling2D(keepdims=True)(x)
    x = keras.layers.Conv2D(5, 1)(x)
    return keras.layers.Softmax()(keras.layers.Flatten()(x))


def _averaged(x):
    return keras.layers.Dense(5)(keras.ops.mean(x, axis=(1, 2)))


def _headless(x):
    return x


def _pooled_by_its_size(x):
    x = keras.layers.AveragePooling2D(8)(x)
    return keras.layers.Dense(5)(keras.layers.Flatten()(x))


def _striped(x):
    stripes = [
        keras.layers.GlobalAveragePooling2D()(keras.layers.Cropping2D(crop)(x))
        for crop in (((0, 4), (0, 0)), ((4, 0), (0, 0)))
    ]
    return keras.layers.Concatenate()(stripes)


@pytest.mark.parametrize(
    "head",
    [
        *(_pooled, _flattened, _convolutional, _averaged, _headless),
        *(_pooled_by_its_size, _striped),
    ],
)
def test_the_classifier_is_cut_after_the_last_map(head):
    """The pooling of a squeeze-and-excitation block is no such place."""
    inputs = keras.Input((8, 8, 3))
    features = _body(inputs)
    model = keras.Model(inputs, head(features))
    cut = cut_classifier(model)
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    expected = keras.Model(inputs, features)(images)
    np.testing.assert_array_equal(cut(images), expected)


def test_a_global_pooling_amid_the_network_is_no_classifier():
    """A collapsed globalization pools and spreads the mean again."""
    inputs = keras.Input((8, 8, 3))
    pooled = keras.layers.GlobalAveragePooling2D(keepdims=True)(inputs)
    features = keras.layers.UpSampling2D(8)(pooled)
    cut = cut_classifier(keras.Model(inputs, _flattened(features)))
    assert cut.output_shape == (None, 8, 8, 3)


def test_a_map_of_one_pixel_is_kept():
    inputs = keras.Input((8, 8, 3))
    features = keras.layers.Conv2D(4, 8)(inputs)
    cut = cut_classifier(keras.Model(inputs, _pooled(features)))
    assert cut.output_shape == (None, 1, 1, 4)


def test_the_classifier_of_nested_models_is_cut():
    inputs = keras.Input((8, 8, 3))
    backbone = keras.Model(inputs, _body(inputs), name="backbone")
    model = keras.Sequential(
        [keras.Input((8, 8, 3)), backbone, keras.layers.Flatten()]
    )
    cut = cut_classifier(model)
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    np.testing.assert_array_equal(cut(images), backbone(images))
    assert not any(isinstance(layer, keras.Model) for layer in cut.layers)


def _mix(inputs):
    tokens = keras.layers.Reshape((16, 4))(
        keras.layers.Conv2D(4, 2, strides=2)(inputs)
    )
    return keras.layers.Flatten()(keras.layers.Dense(4)(tokens))


def _branch(inputs):
    branches = [keras.layers.Conv2D(4, size)(inputs) for size in (1, 3)]
    pool = keras.layers.GlobalAveragePooling2D()
    return keras.layers.Concatenate()(list(map(pool, branches)))


def _pool_twice(inputs):
    """A trained layer lies between the two maps that are pooled."""
    first = keras.layers.Conv2D(4, 3)(inputs)
    second = keras.layers.Conv2D(4, 3)(first)
    pool = keras.layers.GlobalAveragePooling2D()
    return keras.layers.Concatenate()([pool(first), pool(second)])


@pytest.mark.parametrize("build", [_mix, _branch, _pool_twice])
def test_a_model_without_a_last_map_is_refused(build):
    """Otherwise trained layers would be cut off with the classifier."""
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, build(inputs), name="mixer")
    with pytest.raises(
        ValueError, match=r"`model`: 'mixer' has no feature map"
    ):
        cut_classifier(model)


@pytest.fixture
def save(tmp_path):
    """A function that saves a model with a head and returns its path."""

    def _save(head):
        inputs = keras.Input((8, 8, 3))
        path = str(tmp_path / "model.keras")
        keras.Model(inputs, head(_body(inputs))).save(path)
        return path

    return _save


def test_a_file_is_rebuilt_at_another_size_with_its_weights(save):
    path = save(_flattened)
    info = find_source(path, preprocessing="none")
    source = load_source(info, 12)
    assert source.input_shape == (None, 12, 12, 3)
    assert source.output_shape == (None, 12, 12, 4)
    kernel = keras.models.load_model(path).get_layer("conv").kernel
    np.testing.assert_array_equal(source.get_layer("conv").kernel, kernel)


def test_a_file_is_read_as_ever_where_only_the_graph_matters(save):
    info = find_source(save(_pooled), preprocessing="none")
    trained, graph = (load_source(info, 8, trained=t) for t in (True, False))
    for weight, other in zip(trained.weights, graph.weights, strict=True):
        np.testing.assert_array_equal(weight, other)


def test_frozen_layers_of_a_file_become_trainable(tmp_path):
    inputs = keras.Input((8, 8, 3))
    model = keras.Model(inputs, _body(inputs))
    model.trainable = False
    path = str(tmp_path / "frozen.keras")
    model.save(path)
    source = load_source(find_source(path, preprocessing="none"), 8)
    assert len(source.trainable_weights) == len(source.weights)


def test_a_size_that_the_layers_forbid_is_refused(save):
    def fixed_positions(x):
        positions = keras.layers.Reshape((64, 4))(x)
        return keras.layers.Reshape((8, 8, 4))(positions)

    info = find_source(save(fixed_positions), preprocessing="none")
    with pytest.raises(ValueError, match=r"for 12x12 images.*own size, 8x8"):
        load_source(info, 12)


def test_a_size_that_leaves_no_map_is_refused(tmp_path):
    inputs = keras.Input((8, 8, 3))
    outputs = keras.layers.MaxPooling2D(4)(inputs)
    path = str(tmp_path / "pooling.keras")
    keras.Model(inputs, outputs).save(path)
    with pytest.raises(ValueError, match=r"for 2x2 images.*own size, 8x8"):
        load_source(find_source(path, preprocessing="none"), 2)


def test_an_unknown_layer_is_named(save):
    @keras.saving.register_keras_serializable(package="elsewhere")
    class Doubling(keras.layers.Layer):
        def call(self, inputs):
            return 2 * inputs

    path = save(lambda x: Doubling()(x))
    keras.saving.get_custom_objects().pop("elsewhere>Doubling")
    with pytest.raises(ValueError, match=r"does not load:.*Doubling") as error:
        load_source(find_source(path, preprocessing="none"), 8)
    assert "\n" not in str(error.value)


def test_python_code_in_a_file_is_refused(save):
    path = save(lambda x: keras.layers.Lambda(lambda y: 2 * y)(x))
    with pytest.raises(ValueError, match=r"does not load:.*Lambda"):
        load_source(find_source(path, preprocessing="none"), 8)


@pytest.mark.skipif(
    not WEIGHTS.is_dir(), reason="needs the project's shared data"
)
@pytest.mark.parametrize(
    ("file", "preprocessing", "size", "map_shape"),
    [
        ("resnet20_cifar10", "torch", 32, (8, 8, 64)),
        ("resnet20_cifar10", "torch", 48, (12, 12, 64)),
        pytest.param(
            *("mobilenet_025_224_imagenet", "tf", 224, (7, 7, 256)),
            marks=pytest.mark.long,
        ),
    ],
)
def test_real_classifiers_become_sources(file, preprocessing, size, map_shape):
    """The file's head on the pooled map gives the file's own outputs."""
    path = str(WEIGHTS / f"{file}.keras")
    with pytest.raises(ValueError, match="does not begin with Rescaling"):
        find_source(path)
    info = find_source(path, preprocessing=preprocessing)
    source = load_source(info, size)
    assert source.output_shape[1:] == map_shape
    if (size, size) != info.native_size:
        return
    classifier = keras.models.load_model(path, compile=False)
    pooling = next(
        layer
        for layer in classifier.layers
        if isinstance(layer, keras.layers.GlobalAveragePooling2D)
    )
    head = keras.Model(pooling.input, classifier.output)
    images = np.random.default_rng(0).uniform(0, 255, (2, size, size, 3))
    expected = classifier(
        keras.applications.imagenet_utils.preprocess_input(
            images.astype("float32"), mode=preprocessing
        )
    )
    np.testing.assert_allclose(head(source(images)), expected, atol=1e-4)
