"""Every format gives the live model's outputs, with their names."""

import importlib.util

import keras
import numpy as np
import pytest
from exported import OUTPUTS

from ntaa_tf.export import CONVERTERS
from ntaa_tf.export import KERAS
from ntaa_tf.export import compute_reference
from ntaa_tf.export import name_tensors
from ntaa_tf.export.comparing import compare
from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.runtimes import OPENERS

# Tolerance of 8-bit integers for the small model here. The tolerance of the
# format itself detects broken files only.
EIGHT_BITS = 0.1


def test_every_format_is_written_and_opened():
    assert {"saved_model", *CONVERTERS} == set(FORMATS)
    assert {KERAS, *FORMATS} == set(OPENERS)


@pytest.fixture(scope="module")
def small():
    """A model of one convolution with the outputs of `adapted`."""
    images = keras.Input((16, 16, 3))
    x = keras.layers.Conv2D(4, 3)(images)
    x = keras.layers.GlobalAveragePooling2D()(x)
    dense = keras.layers.Dense
    return keras.Model(images, [dense(4)(x), dense(3)(x)])


@pytest.mark.parametrize(
    "name",
    [
        name
        if name in ("onnx", "litert")
        else pytest.param(name, marks=pytest.mark.long)
        for name in CONVERTERS
    ],
)
def test_a_format_takes_batches_of_any_size(
    name, adapted, small, pictures, tmp_path
):
    # The operations of float16 are those of `litert`, which converts every
    # candidate. Only the weights differ, so a small model is enough.
    model = small if name == "litert_float16" else adapted
    for module in FORMATS[name].modules:
        if importlib.util.find_spec(module) is None:
            pytest.skip(f"{module} is not installed: the extra `export` has it")
    named = name_tensors(model, OUTPUTS)
    file = tmp_path / "export" / FORMATS[name].file
    CONVERTERS[name](named, file, pictures)
    assert [path.name for path in file.parent.iterdir()] == [file.name]
    (infer,) = OPENERS[name](str(file), {"outputs": OUTPUTS}).values()
    tolerance = min(FORMATS[name].tolerance, EIGHT_BITS)
    for batch in (pictures[:1], pictures, pictures[:2]):
        exported = {f"one/{key}": value for key, value in infer(batch).items()}
        assert set(exported) == {"one/kind", "one/age"}
        live = compute_reference(model, batch, OUTPUTS).outputs
        assert compare(live, exported)[0] <= tolerance


def test_naming_changes_neither_the_model_nor_its_outputs(adapted, pictures):
    before = [layer.name for layer in adapted.layers]
    named = name_tensors(adapted, OUTPUTS)
    assert named.inputs[0].name == "images"
    outputs = named(pictures.astype("float32"), training=False)
    for name, expected in compute_reference(
        adapted, pictures, OUTPUTS
    ).outputs.items():
        np.testing.assert_allclose(outputs[name], expected, atol=1e-5)
    assert [layer.name for layer in adapted.layers] == before


def test_an_inverted_normalization_stays_inverted(rng):
    inputs = keras.Input((4, 4, 3))
    layer = keras.layers.Normalization(
        mean=[1.0, 2, 3], variance=[4.0, 0, 9], invert=True
    )
    model = keras.Model(inputs, layer(inputs))
    batch = rng.normal(size=(2, 4, 4, 3)).astype("float32")
    named = name_tensors(model, ["out"])
    np.testing.assert_allclose(named(batch)["out"], model(batch), atol=1e-5)
