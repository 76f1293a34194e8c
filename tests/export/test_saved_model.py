"""A SavedModel answers as the live model does, by each of its signatures."""

import base64
import json

import numpy as np
import pytest
import tensorflow as tf
from exported import OUTPUTS
from exported import make_model

from ntaa_tf.data import ServedDecoder
from ntaa_tf.export import export_saved_model
from ntaa_tf.export.saved_model import SIGNATURES

DECODE = ServedDecoder((16, 16), (20, 20))


@pytest.mark.parametrize("name", SIGNATURES)
def test_signatures_give_the_logits(name, exported, images):
    model, files = exported
    served = tf.saved_model.load(files["saved_model"])
    assert set(served.signatures) == {"serving_default", "serve_uint8"}
    typed = tf.constant(images.astype(SIGNATURES[name]))
    logits = served.signatures[name](images=typed)["logits"]
    expected = model(images.astype("float32"), training=False)
    np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_exporting_again_replaces_and_prints_nothing(tmp_path, capfd):
    directory = tmp_path / "export" / "saved_model"
    export_saved_model(make_model(classes=2), directory)
    capfd.readouterr()
    export_saved_model(make_model(classes=3), directory)
    assert capfd.readouterr().out == ""
    served = tf.saved_model.load(directory).signatures["serving_default"]
    assert served.structured_outputs["logits"].shape == (None, 3)
    assert [path.name for path in directory.parent.iterdir()] == ["saved_model"]


@pytest.fixture(scope="module")
def with_files(adapted, tmp_path_factory):
    """A SavedModel of two outputs that decodes image files."""
    directory = tmp_path_factory.mktemp("files") / "saved_model"
    export_saved_model(adapted, directory, OUTPUTS, DECODE)
    return directory


def serve(directory, request):
    """Answer a REST request as TensorFlow Serving does.

    It loads the graph with the tag `serve` into a session, finds the tensors
    of the signature by the names of its inputs, feeds them with what the
    instances hold, those in base64 decoded, and fetches the outputs.
    """
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        loaded = tf.compat.v1.saved_model.load(
            session, [tf.saved_model.SERVING], str(directory)
        )
        signature = loaded.signature_def[request["signature_name"]]
        assert signature.method_name == "tensorflow/serving/predict"
        feed = {
            given.name: [
                base64.b64decode(instance[name]["b64"])
                if isinstance(instance[name], dict)
                else instance[name]
                for instance in request["instances"]
            ]
            for name, given in signature.inputs.items()
        }
        fetch = {name: out.name for name, out in signature.outputs.items()}
        return session.run(fetch, feed)


def test_a_server_answers_files_of_any_size_and_format(
    adapted, with_files, rng
):
    pictures = [
        rng.integers(0, 256, shape, "uint8")
        for shape in ((9, 30, 3), (40, 12, 3), (10, 10, 1))
    ]
    encoders = tf.io.encode_jpeg, tf.io.encode_png, tf.io.encode_png
    files = [
        encode(picture).numpy()
        for encode, picture in zip(encoders, pictures, strict=True)
    ]
    request = {
        "signature_name": "serve_bytes",
        "instances": [
            {"image_bytes": {"b64": base64.b64encode(file).decode()}}
            for file in files
        ],
    }
    answers = serve(with_files, json.loads(json.dumps(request)))
    images = DECODE(tf.constant(files))
    expected = adapted(images, training=False)
    assert set(answers) == {"kind", "age"}
    np.testing.assert_allclose(answers["kind"], expected[0], atol=1e-5)
    np.testing.assert_allclose(answers["age"], expected[1], atol=1e-5)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_server_answers_numbers(name, adapted, with_files, pictures):
    request = {
        "signature_name": name,
        "instances": [{"images": image.tolist()} for image in pictures],
    }
    answers = serve(with_files, request)
    expected = adapted(pictures.astype("float32"), training=False)
    np.testing.assert_allclose(answers["age"], expected[1], atol=1e-5)


def test_a_server_says_of_a_broken_file_that_it_is_one(with_files):
    broken = {"image_bytes": {"b64": base64.b64encode(b"no image").decode()}}
    request = {"signature_name": "serve_bytes", "instances": [broken]}
    with pytest.raises(tf.errors.InvalidArgumentError, match="image"):
        serve(with_files, request)
