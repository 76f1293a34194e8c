"""A classifier comes on any feature map, by its seed alone, and it trains."""

import keras
import numpy as np
import pytest

from ntaa_tf.data import Examples
from ntaa_tf.data import ImageDataset
from ntaa_tf.tasks.classification import ClassificationTask
from ntaa_tf.tasks.classification import attach_classifier
from ntaa_tf.tasks.classification import replace_classifier


def make_features(*names):
    """Features of the given layers, in order."""
    x = images = keras.Input((8, 8, 3), name="images")
    for name in names or ["conv"]:
        x = keras.layers.Conv2D(4, 3, padding="same", name=name)(x)
    return keras.Model(images, x, name="features")


def test_images_become_logits():
    features = make_features()
    model = attach_classifier(features, 5)
    assert model.input_shape == (None, 8, 8, 3)
    assert model.output_shape == (None, 5)
    assert model.name == "features"
    images = np.random.default_rng(0).normal(size=(2, 8, 8, 3))
    pooled = keras.ops.mean(features(images), axis=(1, 2))
    kernel = model.get_layer("classifier").kernel
    np.testing.assert_allclose(
        model(images), keras.ops.matmul(pooled, kernel), rtol=0, atol=1e-5
    )


def test_only_the_seed_decides_the_kernel():
    kernels = []
    for global_seed, seed in [(1, 7), (2, 7), (2, 8)]:
        keras.utils.set_random_seed(global_seed)
        model = attach_classifier(make_features(), 5, seed)
        kernels.append(np.asarray(model.get_layer("classifier").kernel))
    np.testing.assert_array_equal(kernels[0], kernels[1])
    assert np.abs(kernels[1] - kernels[2]).max() > 0.1


@pytest.mark.parametrize(
    ("taken", "added"),
    [
        (["classifier"], ["global_pooling", "classifier_1"]),
        (["global_pooling"], ["global_pooling_1", "classifier"]),
        (["classifier", "classifier_1"], ["global_pooling", "classifier_2"]),
    ],
)
def test_a_name_that_the_features_have_is_numbered(taken, added):
    model = attach_classifier(make_features(*taken), 5)
    names = [layer.name for layer in model.layers]
    assert names == ["images", *taken, *added]


def test_the_task_trains_one_step():
    model = attach_classifier(make_features(), 5)
    model.compile(optimizer="sgd", **ClassificationTask().compile_options())
    images = np.random.default_rng(0).normal(size=(6, 8, 8, 3))
    labels = keras.utils.to_categorical([0, 1, 2, 3, 4, 0], 5)
    before = model.get_weights()
    expected = np.asarray(keras.ops.softmax(model(images)))
    logs = model.train_on_batch(images, labels, return_dict=True)
    cross_entropy = -np.mean(np.log((expected * labels).sum(axis=-1)))
    assert logs["loss"] == pytest.approx(cross_entropy, rel=1e-4)
    hits = expected.argmax(axis=-1) == labels.argmax(axis=-1)
    assert logs["accuracy"] == pytest.approx(hits.mean())
    for old, new in zip(before, model.get_weights(), strict=True):
        assert np.abs(new - old).max() > 0


def test_another_classifier_leaves_all_other_layers():
    model = attach_classifier(make_features(), 5)
    other = replace_classifier(model, 7, seed=1)
    assert other.output.shape == (None, 7)
    assert [layer.name for layer in other.layers] == [
        layer.name for layer in model.layers
    ]
    assert other.layers[:-1] == model.layers[:-1]
    assert model.output.shape == (None, 5)


@pytest.mark.parametrize("batch_size", [3, 6, 10])
def test_accuracy_is_the_share_of_right_answers(batch_size, rng):
    model = attach_classifier(make_features(), 5)
    images = rng.integers(0, 256, (6, 8, 8, 3)).astype("uint8")
    answers = np.asarray(model(images.astype("float32"))).argmax(axis=-1)
    labels = np.array([*answers[:4], *(answers[4:] + 1) % 5])
    split = Examples(images, labels)
    measured = ClassificationTask().measure(model, split, batch_size)
    assert measured == {"accuracy": pytest.approx(4 / 6)}


def test_confusions_are_counted_on_the_test_split():
    labels = np.array([0, 0, 2])
    test = Examples(np.zeros((3, 8, 8, 3), "uint8"), labels)
    names = ("coat", "shirt", "dress")
    dataset = ImageDataset("clothes", names, None, None, test)
    logits = np.eye(3)[[0, 1, 2]]
    shown = ClassificationTask().illustrate(logits, dataset)
    assert shown.confusions == {
        "classes": {
            "classes": list(names),
            "counts": [[0, 0, 1], [0, 1, 1], [2, 2, 1]],
        }
    }


def test_the_most_confident_mistakes_come_first_and_are_few():
    labels = np.zeros(60, int)
    dataset = dataset_of(labels)
    logits = np.stack([np.zeros(60), np.arange(60) - 30], axis=1)
    shown = ClassificationTask().illustrate(logits, dataset)
    assert [each.image for each in shown.mistakes] == [*range(59, 35, -1)]
    right = ClassificationTask().illustrate(
        -logits[31:], dataset_of(labels[31:])
    )
    assert right.mistakes == []


def dataset_of(labels):
    test = Examples(np.zeros((len(labels), 2, 2, 3), "uint8"), labels)
    return ImageDataset("clothes", ("coat", "shirt"), None, None, test)


def test_classes_are_balanced_by_the_training_split():
    train = dataset_of(np.array([0, 0, 0, 1])).test
    dataset = ImageDataset("clothes", ("coat", "shirt"), train, None, None)
    (weights,) = ClassificationTask().weigh_classes(dataset)
    np.testing.assert_allclose(weights, [2 / 3, 2])


def test_images_are_right_or_wrong():
    logits = np.eye(3)[[0, 2, 1]]
    split = Examples(np.zeros((3, 2, 2, 3), "uint8"), np.array([0, 1, 1]))
    scores = ClassificationTask().score_examples(logits, split)
    np.testing.assert_array_equal(scores.values, [1, 0, 1])
