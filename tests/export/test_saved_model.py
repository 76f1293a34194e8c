"""Every signature of a SavedModel gives the live model's outputs."""

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

CLASSES = {"kind": ("a", "b", "c", "d"), "age": ("new", "used", "old")}
DECODE = ServedDecoder((16, 16), (20, 20))


def test_every_signature_gives_the_logits(exported, images):
    model, files = exported
    served = tf.saved_model.load(files["saved_model"])
    expected = model(images.astype("float32"), training=False)
    assert set(served.signatures) == {"serving_default", "serve_uint8"}
    for name, serve in served.signatures.items():
        typed = tf.constant(images.astype(SIGNATURES[name]))
        logits = serve(images=typed)["logits"]
        np.testing.assert_allclose(logits, expected, atol=1e-5)


def test_exporting_again_replaces_the_directory_silently(tmp_path, capfd):
    directory = tmp_path / "export" / "saved_model"
    export_saved_model(make_model(classes=2), directory)
    capfd.readouterr()
    export_saved_model(make_model(classes=3), directory)
    assert capfd.readouterr().out == ""
    served = tf.saved_model.load(directory).signatures["serving_default"]
    assert served.structured_outputs["logits"].shape == (None, 3)
    assert [path.name for path in directory.parent.iterdir()] == ["saved_model"]


class Server:
    """Answers REST requests as TensorFlow Serving does.

    The server loads the graph with the tag `serve` into a session. For a
    request it finds the signature's tensors by the names of the inputs, feeds
    them with the instances, decoded from base64 where needed, and fetches the
    outputs.
    """

    def __init__(self, directory):
        self._session = tf.compat.v1.Session(graph=tf.Graph())
        with self._session.graph.as_default():
            self._loaded = tf.compat.v1.saved_model.load(
                self._session, [tf.saved_model.SERVING], str(directory)
            )

    def answer(self, request):
        signature = self._loaded.signature_def[request["signature_name"]]
        assert signature.method_name == "tensorflow/serving/predict"
        feed = {
            tensor.name: [
                base64.b64decode(instance[name]["b64"])
                if isinstance(instance[name], dict)
                else instance[name]
                for instance in request["instances"]
            ]
            for name, tensor in signature.inputs.items()
        }
        fetch = {name: out.name for name, out in signature.outputs.items()}
        return self._session.run(fetch, feed)


@pytest.fixture(scope="module")
def server(adapted, tmp_path_factory):
    """A server of a SavedModel with two outputs that decodes image files."""
    directory = tmp_path_factory.mktemp("files") / "saved_model"
    export_saved_model(adapted, directory, OUTPUTS, DECODE, CLASSES)
    return Server(directory)


def test_a_server_takes_files_of_any_size_and_format(adapted, server, rng):
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
    answers = server.answer(json.loads(json.dumps(request)))
    images = DECODE(tf.constant(files))
    expected = adapted(images, training=False)
    assert set(answers) == {
        *("kind", "kind/probabilities", "kind/classes"),
        *("age", "age/probabilities", "age/classes"),
    }
    np.testing.assert_allclose(answers["kind"], expected[0], atol=1e-5)
    np.testing.assert_allclose(answers["age"], expected[1], atol=1e-5)
    chosen = [CLASSES["age"][k] for k in answers["age"].argmax(-1)]
    assert [each.decode() for each in answers["age/classes"]] == chosen
    np.testing.assert_allclose(answers["age/probabilities"].sum(-1), 1, 1e-6)


@pytest.mark.parametrize("name", SIGNATURES)
def test_a_server_takes_arrays(name, adapted, server, pictures):
    request = {
        "signature_name": name,
        "instances": [{"images": image.tolist()} for image in pictures],
    }
    answers = server.answer(request)
    expected = adapted(pictures.astype("float32"), training=False)
    np.testing.assert_allclose(answers["age"], expected[1], atol=1e-5)


def test_a_server_reports_a_broken_file(server):
    broken = {"image_bytes": {"b64": base64.b64encode(b"no image").decode()}}
    request = {"signature_name": "serve_bytes", "instances": [broken]}
    with pytest.raises(tf.errors.InvalidArgumentError, match="image"):
        server.answer(request)
