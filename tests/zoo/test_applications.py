"""The table of `keras.applications` agrees with Keras itself."""

import importlib
import urllib.error

import keras
import numpy as np
import pytest
from keras.src.applications import efficientnet
from keras.src.applications import imagenet_utils
from keras.src.utils import file_utils

from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source
from ntaa_tf.zoo.applications import APPLICATIONS
from ntaa_tf.zoo.applications import FAMILIES
from ntaa_tf.zoo.applications import Application
from ntaa_tf.zoo.applications import build_application


def test_every_model_of_keras_applications_has_a_name():
    models = [name for name in dir(keras.applications) if name[0].isupper()]
    assert sorted(APPLICATIONS) == sorted(name.lower() for name in models)
    assert len(models) >= 40


# Only MobileNetV3 does not pass its sizes to the helper that is patched here.
@pytest.mark.parametrize(
    "name",
    [name for name in APPLICATIONS if not name.startswith("mobilenetv3")],
)
def test_sizes_are_those_that_keras_builds_with(name, monkeypatch):
    class SizesError(Exception):
        pass

    def stop(input_shape, default_size, min_size, **_):
        raise SizesError(default_size, min_size)

    monkeypatch.setattr(imagenet_utils, "obtain_input_shape", stop)
    application = APPLICATIONS[name]
    with pytest.raises(SizesError) as sizes:
        application.builder(weights=None)
    assert sizes.value.args == (
        application.native_size,
        application.family.minimum_size,
    )


def test_mobilenetv3_has_the_sizes_of_the_table():
    builder = APPLICATIONS["mobilenetv3small"].builder
    with pytest.raises(ValueError, match="at least 32x32"):
        builder(weights=None, include_top=False, input_shape=(31, 31, 3))
    assert APPLICATIONS["mobilenetv3small"].native_size == 224
    assert APPLICATIONS["mobilenetv3small"].family.minimum_size == 32


@pytest.mark.parametrize("name", APPLICATIONS)
def test_preprocessing_is_that_of_the_models_own_module(name):
    application = APPLICATIONS[name]
    module = importlib.import_module(application.builder.__module__)
    images = np.random.default_rng(0).uniform(0, 255, (1, 4, 4, 3))
    mode = application.family.preprocessing
    expected = images
    if mode != "none":
        expected = imagenet_utils.preprocess_input(images.copy(), mode=mode)
    received = module.preprocess_input(images.copy())
    np.testing.assert_array_equal(received, expected)


def test_a_source_computes_what_keras_computes(tmp_path):
    """VGG reads a weights file, reverses channels and subtracts the mean."""
    network = keras.applications.VGG19(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    path = str(tmp_path / "vgg19.weights.h5")
    network.save_weights(path)
    images = np.random.default_rng(0).integers(0, 256, (2, 32, 32, 3))
    source = load_source(find_source("vgg19", path), 32)
    expected = network(
        keras.applications.vgg19.preprocess_input(images.astype("float32"))
    )
    received = source(images.astype("uint8"))
    scale = float(keras.ops.max(expected))
    np.testing.assert_allclose(received, expected, atol=1e-5 * scale)


def test_nested_blocks_are_dissolved_and_all_layers_trainable():
    source = load_source(find_source("convnexttiny", "none"), 32)
    assert not any(isinstance(layer, keras.Model) for layer in source.layers)
    assert all(layer.trainable for layer in source.layers)
    assert source.output_shape == (None, 1, 1, 768)


def build_small_efficientnet(**options):
    """EfficientNet's stem and first block only."""
    return efficientnet.EfficientNet(
        width_coefficient=1.0,
        depth_coefficient=1.0,
        default_size=224,
        blocks_args=efficientnet.DEFAULT_BLOCKS_ARGS[:1],
        name="efficientnetb0",
        weights_name="b0",
        **options,
    )


def test_efficientnet_is_the_same_downloaded_or_from_keras_own_file(
    tmp_path, monkeypatch
):
    """Keras adds a factor to the graph only if it downloads the weights."""
    small = Application(build_small_efficientnet, FAMILIES["efficientnet"])
    monkeypatch.setitem(APPLICATIONS, "efficientnetb0", small)
    network = build_small_efficientnet(
        include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    (normalization,) = [
        layer
        for layer in network.layers
        if isinstance(layer, keras.layers.Normalization)
    ]
    # Published weights hold ImageNet's statistics. For others the factor could
    # not move in front of the normalization.
    mean = np.array([0.485, 0.456, 0.406])
    variance = np.array([0.229, 0.224, 0.225]) ** 2
    normalization.set_weights([mean, variance, np.zeros(())])
    path = str(tmp_path / "efficientnetb0_notop.h5")
    network.save(path)
    monkeypatch.setattr(file_utils, "get_file", lambda *_, **__: path)
    downloaded = load_source(find_source("efficientnetb0"), 32)
    from_file = load_source(find_source("efficientnetb0", path), 32)
    images = np.random.default_rng(0).uniform(0, 255, (1, 32, 32, 3))
    expected = keras.ops.convert_to_numpy(downloaded(images))
    scale = np.abs(expected).max()
    np.testing.assert_allclose(
        from_file(images), expected, atol=1e-4 * scale, rtol=0
    )


def build_unnamed(input_shape, **_):
    images = keras.Input(input_shape)
    return keras.Model(images, keras.layers.Conv2D(2, 3)(images))


def test_automatic_names_do_not_depend_on_other_models(monkeypatch):
    unnamed = Application(build_unnamed, FAMILIES["vgg19"])
    monkeypatch.setitem(APPLICATIONS, "vgg19", unnamed)
    for _ in range(2):
        model = build_application("vgg19", "none", (8, 8))
        assert model.layers[1].name == "conv2d"


@pytest.mark.long
def test_names_are_those_of_a_fresh_process():
    """InceptionV3's convolutions have automatic names."""
    first = build_application("inceptionv3", "none", (75, 75))
    second = build_application("inceptionv3", "none", (75, 75))
    names = [layer.name for layer in first.layers[1:]]
    assert names == [layer.name for layer in second.layers[1:]]
    assert "conv2d" in names


@pytest.mark.parametrize(
    "failure",
    [
        urllib.error.URLError("Name or service not known"),
        ConnectionResetError("reset by peer"),
    ],
)
def test_without_a_connection_the_message_names_the_missing_file(
    failure, monkeypatch, tmp_path
):
    attempts = []

    def fail(*_):
        attempts.append(1)
        raise failure

    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setattr(file_utils, "urlretrieve", fail)
    with pytest.raises(
        ValueError, match=r"'vgg16' could not be downloaded.*--weights=PATH"
    ) as error:
        load_source(find_source("vgg16"), 32)
    assert len(attempts) == 1
    if isinstance(failure, urllib.error.URLError):
        file = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"
        assert f"put {file} into Keras's cache ~/.keras" in str(error.value)


@pytest.fixture(scope="module")
def mobilenet_names():
    """The names of MobileNet's layers."""
    source = load_source(find_source("mobilenet", "none"), 32)
    return [layer.name for layer in source.layers]


@pytest.mark.parametrize("weights", ["imagenet", "damaged.weights.h5"])
def test_an_untrained_source_downloads_and_reads_no_weights(
    weights, mobilenet_names, monkeypatch, tmp_path
):
    def fail(*_, **__):
        raise AssertionError("downloaded")

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(file_utils, "get_file", fail)
    (tmp_path / "damaged.weights.h5").write_bytes(b"not HDF5")
    info = find_source("mobilenet", weights)
    source = load_source(info, 32, trained=False)
    assert [layer.name for layer in source.layers] == mobilenet_names


@pytest.mark.filterwarnings("ignore:Skipping nested container")
@pytest.mark.parametrize(
    ("suffix", "shape"),
    [
        (".weights.h5", r"value.shape=\(3, 3, 3, 8\)"),
        (".h5", r"shape \(3, 3, 3, 8\)"),
    ],
)
def test_weights_of_another_shape_are_refused(tmp_path, suffix, shape):
    narrow = keras.applications.MobileNet(
        alpha=0.25, include_top=False, weights=None, input_shape=(32, 32, 3)
    )
    path = str(tmp_path / f"narrow{suffix}")
    (narrow.save_weights if "weights" in suffix else narrow.save)(path)
    with pytest.raises(
        ValueError, match=rf"does not fit 'mobilenet' without.*{shape}"
    ) as error:
        load_source(find_source("mobilenet", path), 32)
    assert len(str(error.value)) < 600


def test_damaged_weights_are_refused(tmp_path):
    path = tmp_path / "damaged.weights.h5"
    path.write_bytes(b"not HDF5")
    with pytest.raises(ValueError, match=r"damaged.*does not fit.*: Unable to"):
        load_source(find_source("mobilenet", str(path)), 32)


def test_a_too_small_image_is_refused_with_the_minimum():
    with pytest.raises(ValueError, match=r"'inceptionv3'\. Use at least 75"):
        load_source(find_source("inceptionv3", "none"), 64)
