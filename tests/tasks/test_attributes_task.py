"""Every attribute has its own head, targets and measures."""

import keras
import numpy as np
import pytest

from ntaa_tf.data import Examples
from ntaa_tf.data.attributes import Attribute
from ntaa_tf.data.attributes import AttributeDataset
from ntaa_tf.data.attributes import build_table
from ntaa_tf.tasks.attributes import AttributesTask
from ntaa_tf.tasks.attributes import attach_classifiers

AGE = Attribute("age", ("young", "grown", "old"), is_ordinal=True)
HAT = Attribute("hat", ("no", "yes"))
SEEN = [("young", "no"), ("old", None), ("grown", "yes"), (None, "yes")]


@pytest.fixture
def labelled():
    table, labels = build_table([AGE, HAT], SEEN)
    images = np.zeros((len(SEEN), 8, 8, 3), "uint8")
    return AttributesTask(table), Examples(images, labels)


@pytest.fixture
def features():
    images = keras.Input((8, 8, 3))
    maps = keras.layers.Conv2D(4, 3, name="hat")(images)
    return keras.Model(images, maps)


def test_targets_are_one_hot_or_nothing(labelled):
    task, examples = labelled
    one_hot = np.eye(task.table.rows.shape[0], dtype="float32")
    age, hat = task.make_targets(one_hot[examples.labels])
    np.testing.assert_array_equal(age, [*np.eye(3)[[0, 2, 1]], np.zeros(3)])
    np.testing.assert_array_equal(hat, [[1, 0], [0, 0], [0, 1], [0, 1]])


def test_mixed_images_have_mixed_targets(labelled):
    task, examples = labelled
    one_hot = np.eye(task.table.rows.shape[0], dtype="float32")
    labels = one_hot[examples.labels]
    mixed = task.make_targets(0.25 * labels + 0.75 * labels[::-1])
    np.testing.assert_allclose(mixed[0][0], [0.25, 0, 0])
    np.testing.assert_allclose(mixed[1][0], [0.25, 0.75])


def test_each_attribute_is_balanced_by_its_known_labels(labelled):
    task, examples = labelled
    dataset = AttributeDataset("x", task.table, examples, None, None)
    age, hat = task.weigh_classes(dataset)
    np.testing.assert_allclose(age, [1, 1, 1])
    np.testing.assert_allclose(hat, [3 / 2, 3 / 4])


def test_heads_are_named_after_attributes_where_that_is_free(features):
    model = attach_classifiers(features, (AGE, HAT))
    assert [output.shape for output in model.outputs] == [(None, 3), (None, 2)]
    assert model.output_names == ["age", "hat_1"]


def test_only_known_labels_are_measured(labelled):
    task, examples = labelled
    age = np.eye(3)[[0, 1, 1, 0]]  # Right, one off, right, not known.
    hat = np.eye(2)[[1, 0, 1, 1]]  # Wrong, not known, right, right.
    measured = task.measure_fully([age, hat], examples)
    assert next(iter(measured)) == task.score
    assert measured == {
        "accuracy": pytest.approx(2 / 3),
        "age_accuracy": pytest.approx(2 / 3),
        "age_one_off": 1.0,
        "hat_accuracy": pytest.approx(2 / 3),
    }


def test_the_mean_score_of_the_images_is_the_accuracy(labelled):
    task, examples = labelled
    age = np.eye(3)[[0, 1, 1, 0]]
    hat = np.eye(2)[[1, 0, 1, 1]]
    scores = task.score_examples([age, hat], examples)
    measured = task.measure_fully([age, hat], examples)
    assert scores.values.mean() == pytest.approx(measured["accuracy"])
    assert scores.values[3] == pytest.approx(1 / 2 / (3 / 4))


def test_confusions_are_of_known_labels_of_each_attribute(labelled):
    task, examples = labelled
    dataset = AttributeDataset("x", task.table, None, None, examples)
    age = np.eye(3)[[0, 1, 1, 0]]
    hat = np.eye(2)[[1, 0, 1, 1]]
    shown = task.illustrate([age, hat], dataset)
    assert [(m.label, m.image, m.truth, m.answer) for m in shown.mistakes] == [
        ("hat", 0, "no", "yes"),
        ("age", 1, "old", "grown"),
    ]
    assert shown.confusions == {
        "age": {
            "classes": ["young", "grown", "old"],
            "counts": [[0, 0, 1], [1, 1, 1], [2, 1, 1]],
        },
        "hat": {"classes": ["no", "yes"], "counts": [[0, 1, 1], [1, 1, 2]]},
    }


def test_a_model_learns_both_heads_and_is_measured(labelled, features):
    task, examples = labelled
    model = task.attach_head(features, len(task.table.rows), seed=0)
    model.compile("sgd", **task.compile_options())
    one_hot = np.eye(len(task.table.rows), dtype="float32")
    targets = task.make_targets(one_hot[examples.labels])
    logs = model.fit(examples.images, targets, verbose=0).history
    assert {"age_accuracy", "hat_1_accuracy"} <= logs.keys()
    measured = task.measure(model, examples, batch_size=2)
    assert 0 <= measured["accuracy"] <= 1
