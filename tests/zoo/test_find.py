"""Every wrong choice of a source is an error before anything is built."""

import json
import pathlib
import zipfile

import keras
import pytest

from ntaa_tf.zoo import SourceInfo
from ntaa_tf.zoo import find_source


def test_an_application_knows_its_preprocessing_and_sizes():
    assert find_source("inceptionv3", "none") == SourceInfo(
        name="inceptionv3",
        weights="none",
        preprocessing="tf",
        native_size=(299, 299),
        minimum_size=75,
        fixed_size=False,
        pretrained=False,
    )
    assert find_source("efficientnetb4").native_size == (380, 380)
    assert find_source("resnet50").pretrained


def test_the_embedded_model_brings_its_weights():
    info = find_source("digits0to4")
    assert (info.weights, info.native_size, info.pretrained) == (
        "own",
        (16, 16),
        True,
    )


@pytest.mark.parametrize(
    ("name", "close"),
    [("ResNet50", "resnet50"), ("efficentnetb4", "efficientnetb4")],
)
def test_an_unknown_model_is_answered_with_close_names(name, close):
    with pytest.raises(
        ValueError, match=rf"'{name}' is unknown.*one of .*{close}"
    ):
        find_source(name)


def test_an_unknown_model_far_from_all_is_answered_with_the_list():
    with pytest.raises(ValueError, match=r"'42' is unknown.*vgg16.*digits0to4"):
        find_source("42")


@pytest.mark.parametrize("name", ["resnet50", "digits0to4"])
def test_preprocessing_is_only_for_files(name):
    with pytest.raises(ValueError, match=f"can't be set for '{name}'.*'torch'"):
        find_source(name, preprocessing="torch")


@pytest.mark.parametrize("weights", ["missing.h5", "image_net", __file__])
def test_weights_must_be_named_or_an_existing_file(weights):
    with pytest.raises(
        ValueError, match=r"`weights`: .*imagenet, none or the path"
    ):
        find_source("resnet50", weights)


def test_efficientnet_from_keras_own_file_gets_its_factor_back(tmp_path):
    for file, mode in [("b0.h5", "efficientnet"), ("b0.weights.h5", "none")]:
        (tmp_path / file).touch()
        info = find_source("efficientnetb0", str(tmp_path / file))
        assert info.preprocessing == mode


@pytest.fixture
def save(tmp_path):
    """Save a model and give the path as a string."""

    def _save(model):
        path = str(tmp_path / "model.keras")
        model.save(path)
        return path

    return _save


def _classifier(shape):
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Conv2D(2, 3),
            keras.layers.GlobalAveragePooling2D(),
        ]
    )


def _nested(shape):
    return keras.Sequential(
        [
            keras.Input(shape),
            keras.layers.Rescaling(1 / 255),
            _classifier(shape),
        ]
    )


def _functional(shape, *first):
    """A classifier of one or two layers that read the input in parallel."""
    images = keras.Input(shape)
    maps = [layer(images) for layer in first]
    x = keras.layers.Concatenate()(maps) if len(maps) > 1 else maps[0]
    return keras.Model(images, keras.layers.Flatten()(x))


def _normalization():
    return keras.layers.Normalization(mean=127.5, variance=1000.0)


@pytest.mark.parametrize("build", [_classifier, _nested])
@pytest.mark.parametrize("size", [(20, 20), (20, 12), None])
def test_the_size_of_a_file_is_its_model_s(save, build, size):
    shape = (*(size or (None, None)), 3)
    info = find_source(save(build(shape)), preprocessing="caffe")
    assert (info.native_size, info.fixed_size) == (size, size is not None)
    assert (info.weights, info.preprocessing) == ("own", "caffe")


@pytest.mark.parametrize(
    "model",
    [
        _nested((8, 8, 3)),
        _functional((8, 8, 3), keras.layers.Rescaling(1 / 255)),
        _functional((8, 8, 3), _normalization()),
        _functional((8, 8, 3), _nested((8, 8, 3))),
        _functional((8, 8, 3), _functional((8, 8, 3), _normalization())),
        keras.Sequential([keras.Input((8, 8, 3)), _nested((8, 8, 3))]),
    ],
)
def test_a_file_that_begins_with_its_preprocessing_needs_no_other(save, model):
    assert find_source(save(model)).preprocessing == "none"


@pytest.mark.parametrize(
    "model",
    [
        _classifier((8, 8, 3)),
        _functional((8, 8, 3), keras.layers.BatchNormalization()),
        _functional((8, 8, 3), lambda images: images / 255.0),
        # A Rescaling beside or behind another first layer is no preprocessing.
        _functional(
            (8, 8, 3), keras.layers.Rescaling(1 / 255), keras.layers.ReLU()
        ),
        _functional(
            (8, 8, 3), lambda x: _normalization()(keras.layers.ReLU()(x))
        ),
        keras.Sequential([keras.Input((8, 8, 3)), _classifier((8, 8, 3))]),
    ],
)
def test_any_other_file_needs_a_preprocessing(save, model):
    path = save(model)
    expected = (
        rf"`preprocessing` is missing for the file {path}, whose model does "
        r"not begin with Rescaling .*one of none, tf, torch, caffe"
    )
    with pytest.raises(ValueError, match=expected):
        find_source(path)
    assert find_source(path, preprocessing="none").preprocessing == "none"


def test_an_unknown_preprocessing_is_refused(save):
    path = save(_classifier((8, 8, 3)))
    with pytest.raises(ValueError, match=r"'TF'.*none, tf, torch, caffe"):
        find_source(path, preprocessing="TF")


def test_a_file_takes_no_other_weights(save):
    path = save(_classifier((8, 8, 3)))
    with pytest.raises(
        ValueError, match=r"`weights` can't be set.*holds its weights.*'none'"
    ):
        find_source(path, "none")


@pytest.mark.parametrize("shape", [(8, 8, 1), (None, 10, 3), (8, 3)])
def test_a_file_must_take_rgb_images(save, shape):
    inputs = keras.Input(shape)
    path = save(keras.Model(inputs, keras.layers.ReLU()(inputs)))
    with pytest.raises(ValueError, match=r"one input \(None, height, width"):
        find_source(path)


def test_a_file_must_have_one_input_and_one_output(save):
    first, second = keras.Input((8, 8, 3)), keras.Input((8, 8, 3))
    total = keras.layers.Add()([first, second])
    for model, inputs, outputs in [
        (keras.Model([first, second], total), 2, 1),
        (keras.Model(first, [first * 2.0, first * 3.0]), 1, 2),
    ]:
        with pytest.raises(ValueError, match=rf"and {outputs} output") as error:
            find_source(save(model))
        assert str(error.value).count("(None, 8, 8, 3)") == inputs


def test_a_missing_file_is_named():
    with pytest.raises(ValueError, match=r"'nowhere/to\.keras' does not exist"):
        find_source("nowhere/to.keras")


def test_a_damaged_file_is_named(tmp_path, save):
    path = tmp_path / "damaged.keras"
    whole = save(_classifier((8, 8, 3)))
    path.write_bytes(pathlib.Path(whole).read_bytes()[:500])
    with pytest.raises(ValueError, match=r"damaged\.keras.*damaged: File is"):
        find_source(str(path))


def test_a_foreign_archive_is_named(tmp_path):
    path = tmp_path / "foreign.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("readme.txt", "nothing here")
    with pytest.raises(ValueError, match=r"foreign\.keras' is no Keras file"):
        find_source(str(path))


def test_a_subclassed_model_is_refused(tmp_path):
    path = tmp_path / "subclassed.keras"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("config.json", json.dumps({"class_name": "MyNet"}))
    with pytest.raises(ValueError, match=r"'MyNet'.*keras\.Model\(inputs"):
        find_source(str(path))
