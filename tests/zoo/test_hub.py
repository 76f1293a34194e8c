"""A preset of KerasHub becomes a source, if KerasHub is installed."""

import pathlib
import sys

import keras
import numpy as np
import pytest

from ntaa_tf.graph.select import find_convolutions
from ntaa_tf.graph.select import select_sites
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.zoo import SourceInfo
from ntaa_tf.zoo import choose_image_size
from ntaa_tf.zoo import find_source
from ntaa_tf.zoo import load_source


def test_without_keras_hub_the_message_says_how_to_install_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "keras_hub", None)
    with pytest.raises(
        ValueError,
        match=r"'hub:resnet_18_imagenet' needs KerasHub.*ntaa-tf\[hub\]",
    ):
        find_source("hub:resnet_18_imagenet")


def test_weights_are_its_own_or_none():
    with pytest.raises(
        ValueError, match=r"'any\.h5' can't be loaded into 'hub:any'.*none"
    ):
        find_source("hub:any", "any.h5")


@pytest.fixture(scope="module")
def hub():
    return pytest.importorskip(
        "keras_hub", reason="KerasHub is an extra: pip install ntaa-tf[hub]"
    )


@pytest.fixture(scope="module")
def backbone(hub):
    keras.utils.set_random_seed(0)
    return hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[7],
        stackwise_num_filters=[64, 128],
        stackwise_num_blocks=[1, 2],
        stackwise_num_strides=[1, 2],
        block_type="basic_block",
    )


@pytest.fixture
def bare(backbone, tmp_path):
    """A preset without an image converter."""
    backbone.save_to_preset(str(tmp_path))
    return f"hub:{tmp_path}"


@pytest.fixture
def converter(hub):
    return hub.layers.ResNetImageConverter(
        image_size=(48, 40), scale=(0.1, 0.2, 0.3), offset=(-1.0, -2.0, -3.0)
    )


@pytest.fixture
def preset(bare, converter):
    converter.save_to_preset(bare.removeprefix("hub:"))
    return bare


def test_a_preset_knows_its_preprocessing_and_size(preset):
    info = find_source(preset)
    assert info == SourceInfo(
        name=preset,
        weights="own",
        preprocessing="none",
        native_size=(48, 40),
        minimum_size=1,
        fixed_size=False,
        pretrained=True,
    )
    assert choose_image_size(info, (100, 100)) == (40, 40)
    with pytest.raises(ValueError, match=r"preprocessing is known.*'torch'"):
        find_source(preset, preprocessing="torch")


def test_a_source_computes_what_converter_and_backbone_do(
    preset, converter, backbone, rng
):
    images = rng.integers(0, 256, (2, 48, 40, 3)).astype("float32")
    expected = np.array(backbone(converter(images)))
    source = load_source(find_source(preset), (48, 40))
    kinds = {type(part) for part in (source, *source.layers)}
    assert {kind.__module__.partition(".")[0] for kind in kinds} == {"keras"}
    bound = 1e-5 * np.ptp(expected)
    np.testing.assert_allclose(source(images), expected, atol=bound)


def test_random_weights_differ_from_the_preset_s(preset, backbone):
    info = find_source(preset, "none")
    assert (info.weights, info.pretrained) == ("none", False)
    untrained = load_source(find_source(preset), 32, trained=False)
    for source in (load_source(info, 32), untrained):
        kernel = np.array(source.get_layer("conv1_conv").kernel)
        own = np.array(backbone.get_layer("conv1_conv").kernel)
        assert np.abs(kernel - own).max() > 1e-3


def test_without_a_converter_the_preprocessing_is_needed(bare):
    with pytest.raises(ValueError, match="a preset without an image converter"):
        find_source(bare)
    source = load_source(find_source(bare, preprocessing="tf"), 32)
    assert source.get_layer("preprocess").scale == 1 / 127.5


def test_it_is_searched_and_collapses_exactly(preset, rng):
    source = load_source(find_source(preset), 32)
    images = rng.uniform(0, 255, (4, 32, 32, 3)).astype("float32")
    Recalibration(source)([images])
    sites = select_sites(find_convolutions(source))
    assert len(sites) == 6  # Two in each block, not the stem or shortcuts.
    expected = np.array(source(images))
    bound = 1e-5 * np.ptp(expected)
    supernet = insert_mixed_ops(source)
    np.testing.assert_allclose(supernet(images), expected, atol=bound)
    np.testing.assert_allclose(collapse(supernet)(images), expected, atol=bound)


def test_a_missing_preset_is_a_clear_error(hub, tmp_path):
    for preset in ("no_such_preset", str(tmp_path)):
        with pytest.raises(
            ValueError,
            match=rf"`model`: 'hub:{preset}' can't be loaded:",
        ):
            find_source(f"hub:{preset}")


def test_a_backbone_with_layers_of_its_own_is_refused(hub, tmp_path):
    hub.models.ViTBackbone(
        image_shape=(32, 32, 3),
        patch_size=8,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        mlp_dim=4,
    ).save_to_preset(str(tmp_path))
    info = find_source(f"hub:{tmp_path}", preprocessing="none")
    with pytest.raises(ValueError, match=r"can't be exported: .*ViTEncoder"):
        load_source(info, 32)


def test_a_preset_without_its_weights_is_a_clear_error(bare):
    info = find_source(bare, preprocessing="none")
    (pathlib.Path(bare.removeprefix("hub:")) / "model.weights.h5").unlink()
    with pytest.raises(
        ValueError, match=r"`model`.*can't be loaded: .*weights"
    ):
        load_source(info, 32)


def test_a_backbone_of_text_is_refused(hub, tmp_path):
    hub.models.BertBackbone(
        vocabulary_size=10,
        num_layers=1,
        num_heads=1,
        hidden_dim=4,
        intermediate_dim=4,
    ).save_to_preset(str(tmp_path))
    with pytest.raises(ValueError, match=r"`model`.*ImageConverter.*BertBack"):
        find_source(f"hub:{tmp_path}", preprocessing="none")
