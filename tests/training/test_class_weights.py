"""Class weights are those of examples in Keras, in training alone."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.losses import KnownCrossEntropy
from ntaa_tf.losses import compare_logits
from ntaa_tf.search.bilevel import BilevelSupernet
from ntaa_tf.training.distillation import TARGETS
from ntaa_tf.training.distillation import VIEWS
from ntaa_tf.training.distillation import Student
from ntaa_tf.training.distillation import Teacher

WEIGHTS = np.array([0.5, 1.0, 4.0], "float32")
LOSS = keras.losses.CategoricalCrossentropy(from_logits=True)


def make_linear(seed=0, outputs=1):
    inputs = keras.Input((5,))
    logits = [keras.layers.Dense(3)(inputs) for _ in range(outputs)]
    model = keras.Model(inputs, logits if outputs > 1 else logits[0])
    return randomize(model, np.random.default_rng(seed))


def compile_student(model, class_weights=(WEIGHTS,), loss=LOSS, **options):
    student = Student(model.input, model.output)
    student.compile(
        keras.optimizers.SGD(0.1),
        loss=loss,
        class_weights=class_weights,
        **options,
    )
    return student


@pytest.fixture
def batch(rng):
    features = rng.normal(size=(6, 5)).astype("float32")
    return features, np.eye(3, dtype="float32")[[0, 0, 0, 1, 2, 2]]


def test_gradients_are_those_computed_by_hand(batch):
    """The gradient of the logits is w · (softmax − labels) / batch."""
    features, labels = batch
    model = make_linear()
    student = compile_student(model)
    before = model.get_weights()
    probabilities = keras.ops.softmax(model(features)).numpy()
    errors = (labels @ WEIGHTS)[:, None] * (probabilities - labels) / 6
    loss = student.train_on_batch(features, labels)
    by_hand = -np.log((probabilities * labels).sum(1)) @ (labels @ WEIGHTS) / 6
    assert loss == pytest.approx(by_hand, rel=1e-5)
    kernel, bias = model.get_weights()
    np.testing.assert_allclose(
        before[0] - kernel, 0.1 * features.T @ errors, atol=1e-6
    )
    np.testing.assert_allclose(before[1] - bias, 0.1 * errors.sum(0), atol=1e-6)


def test_they_are_the_class_weights_of_keras(batch):
    features, labels = batch
    plain = make_linear()
    plain.compile(keras.optimizers.SGD(0.1), loss=LOSS)
    by_class = dict(enumerate(WEIGHTS))
    options = {"batch_size": 2, "shuffle": False, "verbose": 0}
    plain.fit(features, labels, class_weight=by_class, **options)
    own = make_linear()
    compile_student(own).fit(features, labels, **options)
    for one, other in zip(plain.get_weights(), own.get_weights(), strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_evaluation_and_metrics_are_not_weighted(batch):
    model = make_linear()
    student = compile_student(model, metrics=["accuracy"])
    plain = compile_student(model, class_weights=None, metrics=["accuracy"])
    expected = plain.evaluate(*batch, verbose=0)
    np.testing.assert_allclose(student.evaluate(*batch, verbose=0), expected)
    _, accuracy = student.train_on_batch(*batch)
    assert accuracy == pytest.approx(expected[1])


def test_only_the_labels_part_of_a_taught_loss_is_weighted(batch):
    features, labels = batch
    teacher = make_linear(seed=1)

    def compare(taught, own):
        return compare_logits(taught, own, 3.0)

    model = make_linear()
    student = compile_student(model, teacher=Teacher(teacher, 0.7, compare))
    logits = model(features)
    expected = 0.3 * LOSS(labels, logits, labels @ WEIGHTS)
    expected += 0.7 * np.mean(compare(teacher(features), logits))
    targets = {TARGETS: labels, VIEWS: features}
    found = student.compute_loss(features, targets, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_each_output_has_its_weights_and_missing_labels_do_not_count(batch):
    features, labels = batch
    partly = labels.copy()
    partly[:2] = 0  # Without a label.
    targets, rates = (labels, partly), (WEIGHTS, WEIGHTS[::-1])
    model = make_linear(outputs=2)
    losses = [KnownCrossEntropy(), KnownCrossEntropy()]
    student = compile_student(model, rates, losses)
    logits = model(features)
    expected = 0.0
    for target, rate, output in zip(targets, rates, logits, strict=True):
        each = -np.sum(target * keras.ops.log_softmax(output), axis=1)
        expected += (target @ rate) @ each / 6
    found = student.compute_loss(features, targets, logits)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_mixed_labels_have_mixed_weights():
    student = compile_student(make_linear())
    mixed = np.array([[0.25, 0.0, 0.75]])
    np.testing.assert_allclose(student.weigh(mixed), [0.125 + 3.0])


def test_accumulated_gradients_are_those_of_one_large_batch(batch):
    features, labels = batch
    whole, parts = make_linear(), make_linear()
    compile_student(whole).train_on_batch(features, labels)
    student = Student(parts.input, parts.output)
    student.compile(
        keras.optimizers.SGD(0.1, gradient_accumulation_steps=3),
        loss=LOSS,
        class_weights=[WEIGHTS],
    )
    student.fit(features, labels, batch_size=2, shuffle=False, verbose=0)
    for one, other in zip(
        whole.get_weights(), parts.get_weights(), strict=True
    ):
        np.testing.assert_allclose(one, other, atol=1e-6)


@pytest.mark.parametrize("kind", ["joint", "bilevel"])
def test_a_search_weighs_weights_and_logits_alike(kind, rng):
    supernet = insert_mixed_ops(make_residual(), "conv5x5,identity")
    if kind == "bilevel":
        supernet = BilevelSupernet(supernet.input, supernet.output)
    randomize(supernet, rng)
    classes = supernet.output.shape[-1]
    weights = np.arange(1.0, classes + 1)
    supernet.compile("sgd", loss=LOSS, class_weights=[weights])
    images = rng.normal(size=(4, *supernet.input.shape[1:]))
    labels = np.eye(classes, dtype="float32")[np.arange(4) % classes]
    logits = supernet(images, training=False)
    expected = LOSS(labels, logits, labels @ weights)
    for compute in (supernet.compute_loss, supernet.compute_architecture_loss):
        found = compute(images, labels, logits)
        np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_a_rare_class_is_found_more_often():
    """Two overlapping classes, of which the second is rare."""
    generator = np.random.default_rng(0)
    truth = (np.arange(400) % 20 == 0).astype(int)
    points = generator.normal(size=(400, 1)) + 1.5 * truth[:, None]
    labels = np.eye(2, dtype="float32")[truth]
    recalls = {}
    for name, weights in (("none", None), ("own", [np.array([0.53, 10.0])])):
        keras.utils.set_random_seed(0)
        inputs = keras.Input((1,))
        student = Student(inputs, keras.layers.Dense(2)(inputs))
        student.compile(
            keras.optimizers.SGD(0.5), loss=LOSS, class_weights=weights
        )
        batches = tf.data.Dataset.from_tensors((points, labels)).repeat(100)
        student.fit(batches, steps_per_epoch=100, verbose=0)
        answers = student.predict(points, batch_size=400, verbose=0).argmax(1)
        recalls[name] = np.mean(answers[truth == 1])
    assert recalls["none"] < 0.2
    assert recalls["own"] > 0.6
