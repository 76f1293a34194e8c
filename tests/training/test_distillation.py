"""A teacher is part of the loss of training, and of nothing else."""

import keras
import numpy as np
import pytest
from keras import layers
from keras import ops
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.losses import compare_logits
from ntaa_tf.training.distillation import Student
from ntaa_tf.training.distillation import Teacher

LOSS = keras.losses.CategoricalCrossentropy(from_logits=True)
WEIGHT, TEMPERATURE = 0.7, 3.0


def compare(teacher, student):
    return compare_logits(teacher, student, TEMPERATURE)


def make_linear(rng, penalty=None):
    inputs = keras.Input((4, 4, 3))
    outputs = layers.Dense(3, kernel_regularizer=penalty)(
        layers.Flatten()(inputs)
    )
    return randomize(keras.Model(inputs, outputs), rng)


@pytest.fixture
def batch(rng):
    images = rng.normal(size=(6, 4, 4, 3)).astype("float32")
    return images, np.eye(3, dtype="float32")[rng.integers(3, size=6)]


def make_student(rng, teacher=None, weight=WEIGHT, penalty=None, metrics=None):
    model = make_linear(rng, penalty)
    student = Student(model.input, model.output)
    student.compile(
        keras.optimizers.SGD(0.1),
        loss=LOSS,
        metrics=metrics,
        teacher=teacher and Teacher(teacher, weight, compare),
    )
    return student


@pytest.mark.parametrize("penalty", [None, keras.regularizers.L2(0.1)])
def test_the_loss_is_the_weighted_sum_beside_the_penalties(penalty, batch, rng):
    teacher = make_linear(np.random.default_rng(1))
    student = make_student(rng, teacher, penalty=penalty)
    images, labels = batch
    logits = student(images)
    expected = (1 - WEIGHT) * LOSS(labels, logits) + WEIGHT * ops.mean(
        compare(teacher(images), logits)
    )
    if penalty:
        expected += penalty(student.layers[-1].kernel)
    found = student.train_on_batch(images, labels)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_only_the_student_learns(batch, rng):
    teacher = make_linear(np.random.default_rng(1))
    before = teacher.get_weights()
    student = make_student(rng, teacher, weight=1.0)
    images, labels = batch
    losses = [student.train_on_batch(images, labels) for _ in range(200)]
    assert losses[-1] < losses[0] / 20
    for old, new in zip(before, teacher.get_weights(), strict=True):
        np.testing.assert_array_equal(old, new)
    assert len(student.variables) == len(before)


def test_evaluation_has_no_teacher(batch, rng):
    images, labels = batch
    taught = make_student(rng, make_linear(np.random.default_rng(1)))
    loss = taught.evaluate(images, labels, batch_size=6, verbose=0)
    np.testing.assert_allclose(loss, LOSS(labels, taught(images)), rtol=1e-5)


def test_the_weight_0_is_no_teacher(batch):
    models = []
    for teacher in (None, make_linear(np.random.default_rng(1))):
        student = make_student(np.random.default_rng(0), teacher, weight=0.0)
        student.fit(*batch, epochs=2, verbose=0, shuffle=False)
        models.append(student.get_weights())
    for one, other in zip(*models, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5)


def test_a_teacher_gets_images_of_its_own_size(batch, rng):
    inputs = keras.Input((8, 8, 3))
    large = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))
    images, labels = batch
    student = make_student(rng, large)
    resized = ops.image.resize(images, (8, 8))
    logits = student(images)
    expected = (1 - WEIGHT) * LOSS(labels, logits) + WEIGHT * ops.mean(
        compare(large(resized), logits)
    )
    found = student.train_on_batch(images, labels)
    np.testing.assert_allclose(found, expected, rtol=1e-5)


def test_views_are_the_images_of_the_teacher_alone(batch, rng):
    inputs = keras.Input((8, 8, 3))
    large = keras.Model(inputs, layers.Dense(3)(layers.Flatten()(inputs)))
    images, labels = batch
    views = rng.normal(size=(6, 8, 8, 3)).astype("float32")
    student = make_student(rng, large, metrics=["accuracy"])
    logits = student(images)
    expected = (1 - WEIGHT) * LOSS(labels, logits) + WEIGHT * ops.mean(
        compare(large(views), logits)
    )
    right = np.argmax(logits, -1) == np.argmax(labels, -1)
    found = student.train_on_batch(images, {"targets": labels, "views": views})
    np.testing.assert_allclose(found, [expected, right.mean()], rtol=1e-5)


def test_logits_of_a_search_learn_from_the_teacher_too(rng):
    """Without labels in the loss, only the teacher can move them."""
    source = randomize(make_residual(), rng)
    supernet = insert_mixed_ops(source)
    teacher = randomize(keras.models.clone_model(source), rng)
    supernet.compile(
        keras.optimizers.SGD(0.01),
        architecture_optimizer=keras.optimizers.SGD(0.1),
        loss=LOSS,
        teacher=Teacher(teacher, 1.0, compare),
    )
    before = [logits.numpy() for logits in supernet.logits]
    images = rng.normal(size=(8, *source.input.shape[1:])).astype("float32")
    labels = np.eye(4, dtype="float32")[rng.integers(4, size=8)]
    supernet.fit(images, labels, batch_size=4, verbose=0)
    assert any(
        np.abs(old - new.numpy()).max() > 0
        for old, new in zip(before, supernet.logits, strict=True)
    )
