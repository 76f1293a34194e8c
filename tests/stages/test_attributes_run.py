"""Whole runs of attributes: Adience with both heads, and a table of labels."""

import csv

import keras
import numpy as np
import pytest
import tensorflow as tf
from data.attributes.faces import write_faces
from whole_runs import run

from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import switch

SMOKE = make_recipe(
    dataset="adience",
    smoke=True,
    sites="last:2",
    image_size="16",
    resize="20",
    fold=1,
)


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    root = write_faces(tmp_path_factory.mktemp("faces"))
    path = tmp_path_factory.mktemp("run")
    recipe = switch(
        SMOKE,
        data_dir=str(root),
        workdir=str(path),
        attributes="both",
        class_weights="balanced",
        keep="best",
    )
    return path, run(recipe)


def test_both_heads_are_measured_and_age_also_a_class_off(finished):
    _, metrics = finished
    adapted = metrics["adapted"]
    age, gender = (adapted[f"test_{n}_accuracy"] for n in ("age", "gender"))
    assert adapted["test_accuracy"] == pytest.approx((age + gender) / 2)
    assert adapted["test_age_one_off"] >= age
    assert "test_gender_one_off" not in adapted
    assert adapted["kept_epoch"] >= 1
    assert adapted["test_error"] == pytest.approx(
        100 * (1 - adapted["test_accuracy"])
    )


def test_what_is_handed_back_gives_both_by_name(finished, rng):
    path, metrics = finished
    assert metrics["export_difference"] < 1e-4
    images = rng.integers(0, 256, (2, 16, 16, 3)).astype("float32")
    adapted = keras.models.load_model(path / "adapted.keras")
    served = tf.saved_model.load(path / "export/saved_model")
    given = served.signatures["serving_default"](images=tf.constant(images))
    for name, logits in zip(("age", "gender"), adapted(images), strict=True):
        np.testing.assert_allclose(given[name], logits, atol=1e-4)
        assert f"{name}/probabilities" in given
        assert f"{name}/classes" in given
    report = (path / "report.html").read_text("utf-8")
    assert "age, a class off" in report


@pytest.mark.long
def test_a_table_of_labels_with_a_single_attribute(tmp_path):
    rows = [("path", "shade")]
    for number in range(80):
        shade = "dark" if number % 2 else "light"
        pixels = np.full((16, 16, 3), 20 if number % 2 else 230, "uint8")
        (tmp_path / f"{number}.png").write_bytes(
            tf.io.encode_png(pixels).numpy()
        )
        rows.append((f"{number}.png", shade))
    with (tmp_path / "labels.csv").open("w", newline="") as file:
        csv.writer(file).writerows(rows)
    metrics = run(
        make_recipe(
            task="attributes",
            dataset=f"folder:{tmp_path}",
            method="finetune",
            smoke=True,
            image_size="16",
            workdir=str(tmp_path / "run"),
        )
    )
    assert 0 <= metrics["adapted"]["test_shade_accuracy"] <= 1
