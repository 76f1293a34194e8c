"""A run directory predicts image files as the run itself evaluated them."""

import csv
import io
import subprocess
import sys

import keras
import numpy as np
import pytest
from PIL import Image

from ntaa_tf.export.prediction import list_images
from ntaa_tf.export.prediction import predict
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.storage.served_form import ServedForm
from ntaa_tf.storage.served_form import read_served_form
from ntaa_tf.storage.served_form import write_served_form

SIZE = (4, 4)
COLOURS = {"red": (250, 5, 5), "green": (5, 250, 5), "blue": (5, 5, 250)}


def make_run(directory, classes):
    """Write a model whose logits are the mean colours."""
    images = keras.Input((*SIZE, 3))
    mean = keras.layers.GlobalAveragePooling2D()(images)
    model = keras.Model(images, keras.layers.Rescaling(1 / 25)(mean))
    save_model(model, directory / "adapted.keras")
    write_served_form(directory, ServedForm(classes, SIZE, SIZE, crops=True))
    return directory


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("run")
    return make_run(path, {"logits": ("red", "green", "blue")})


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    path = tmp_path_factory.mktemp("photos")
    for name, colour in COLOURS.items():
        Image.new("RGB", (30, 20), colour).save(path / f"{name}.png")
    (path / "notes.txt").write_text("no image")
    return path


def test_each_image_has_its_most_probable_class_first(run, photos):
    found = list(predict(run, [photos], batch_size=2))
    assert [each.file.stem for each in found] == ["blue", "green", "red"]
    for each in found:
        shares = each.probabilities["logits"]
        assert next(iter(shares)) == each.file.stem
        assert sum(shares.values()) == pytest.approx(1)
        assert list(shares.values()) == sorted(shares.values())[::-1]


def test_an_embedding_has_no_classes(photos, tmp_path):
    run = make_run(tmp_path, {"embedding": None})
    (found,) = predict(run, [photos / "red.png"])
    np.testing.assert_allclose(found.embedding, [10, 0.2, 0.2], rtol=1e-6)
    assert found.probabilities == {}


def test_the_form_is_read_as_it_was_written(tmp_path):
    form = ServedForm({"age": ["old"], "kind": None}, (2, 3), (4, 5), False)
    write_served_form(tmp_path, form)
    assert read_served_form(tmp_path) == form


def test_files_and_directories_are_listed_in_order(photos):
    listed = list_images([photos / "red.png", str(photos)])
    names = [file.name for file in listed]
    assert names == ["red.png", "blue.png", "green.png", "red.png"]


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda path: path / "none.png", "none.png does not exist"),
        (lambda path: path, "There are no images"),
    ],
)
def test_what_is_no_image_is_refused(make, message, tmp_path):
    with pytest.raises(ValueError, match=message):
        list_images([make(tmp_path)])


def test_a_damaged_image_is_named(run, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"no image")
    with pytest.raises(ValueError, match=r"broken.jpg can't be read"):
        list(predict(run, [broken]))


def test_another_directory_is_told(tmp_path, photos):
    with pytest.raises(ValueError, match=r"has no labels\.json"):
        list(predict(tmp_path, [photos]))
    (tmp_path / "labels.json").write_text("{}")
    with pytest.raises(ValueError, match="does not hold the form"):
        list(predict(tmp_path, [photos]))


def call(*words):
    return subprocess.run(
        [sys.executable, "-m", "ntaa_tf.predict", *map(str, words)],
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_the_command_answers_in_csv(run, photos):
    done = call(f"--model={run}", "--format=csv", photos)
    assert done.returncode == 0, done.stderr
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [row["file"] for row in rows] == sorted(
        str(file) for file in photos.glob("*.png")
    )
    assert float(rows[0]["logits/blue"]) > 0.99


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["x.png"], "--model=DIRECTORY is needed"),
        (["--model=runs/x"], "Name image files"),
    ],
)
def test_the_command_says_what_is_missing(words, message):
    done = call(*words)
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr
