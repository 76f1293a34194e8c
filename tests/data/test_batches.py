"""Streams have the right batches, and resume bit for bit."""

import subprocess
import sys

import hypothesis
import keras
import numpy as np
import pytest
from hypothesis import strategies

from ntaa_tf.data import AUGMENTATIONS
from ntaa_tf.data import Examples
from ntaa_tf.data import evaluation_batches
from ntaa_tf.data import steps_per_epoch
from ntaa_tf.data import training_batches

SEVENTEEN = Examples(
    np.random.default_rng(0).integers(0, 256, (17, 8, 8, 3), np.uint8),
    np.arange(17) % 3,
)
# A batch takes 4 images of each identity: some have as many, more or fewer.
FIVE_IDENTITIES = Examples(
    np.random.default_rng(0).integers(0, 256, (31, 8, 4, 3), np.uint8),
    np.repeat(np.arange(5), [4, 9, 8, 7, 3]),
)


def _read(batches):
    return [(image.numpy(), label.numpy()) for image, label in batches]


def _assert_equal(first, second):
    assert len(first) == len(second)
    for (image, label), (other_image, other_label) in zip(
        first, second, strict=True
    ):
        np.testing.assert_array_equal(image, other_image)
        np.testing.assert_array_equal(label, other_label)


@hypothesis.settings(deadline=None, max_examples=15)
@hypothesis.given(
    batch_size=strategies.integers(1, 17),
    seed=strategies.integers(0, 2**40),
    epochs=strategies.integers(1, 3),
    data=strategies.data(),
)
def test_resumed_stream_is_the_tail(batch_size, seed, epochs, data):
    """Without augmentation, which takes long to trace; see the next test."""
    first_epoch = data.draw(strategies.integers(0, epochs))
    whole = _read(
        training_batches(
            SEVENTEEN, 3, batch_size, "none", seed=seed, epochs=epochs
        )
    )
    resumed = training_batches(
        SEVENTEEN,
        3,
        batch_size,
        "none",
        seed=seed,
        first_epoch=first_epoch,
        epochs=epochs - first_epoch,
    )
    steps = steps_per_epoch(SEVENTEEN, batch_size)
    _assert_equal(whole[first_epoch * steps :], _read(resumed))


@pytest.mark.parametrize("augment", AUGMENTATIONS)
def test_every_augmentation_resumes(augment):
    whole = training_batches(SEVENTEEN, 3, 5, augment, seed=2**40, epochs=2)
    resumed = training_batches(
        SEVENTEEN, 3, 5, augment, seed=2**40, first_epoch=1
    )
    _assert_equal(_read(whole)[3:], _read(resumed))


def test_reading_the_same_stream_twice_gives_the_same():
    stream = training_batches(SEVENTEEN, 3, 5, epochs=2)
    _assert_equal(_read(stream), _read(stream))


def test_epochs_differ_in_order_and_in_augmentation(examples):
    same = Examples(np.repeat(examples.images[:1], 16, axis=0), np.arange(16))
    first, second = _read(training_batches(same, 16, 16, epochs=2))
    assert (first[1] != second[1]).any()
    assert (first[0] != second[0]).any()


def test_batches_of_an_epoch_differ_in_augmentation(examples):
    same = Examples(np.repeat(examples.images[:1], 16, axis=0), np.arange(16))
    first, second = _read(training_batches(same, 16, 8))
    assert (first[0] != second[0]).any()


def test_epoch_visits_every_example_once_with_its_label(examples):
    batches = _read(training_batches(examples, 3, 5, augment="none"))
    images = np.concatenate([image for image, _ in batches])
    labels = np.concatenate([label for _, label in batches]).argmax(axis=1)
    position = {image.tobytes(): i for i, image in enumerate(examples.images)}
    order = [position[image.astype(np.uint8).tobytes()] for image in images]
    assert sorted(order) == list(range(20))
    assert order != list(range(20))
    np.testing.assert_array_equal(labels, examples.labels[order])


def test_shapes_types_and_length(examples):
    stream = training_batches(examples, 4, 6, epochs=2)
    image, label = stream.element_spec
    assert (image.shape, image.dtype) == ((6, 16, 16, 3), "float32")
    assert (label.shape, label.dtype) == ((6, 4), "float32")
    assert steps_per_epoch(examples, 6) == 3
    assert len(stream) == len(_read(stream)) == 6


@pytest.mark.parametrize("batch_size", [0, 21])
def test_batch_size_out_of_range(examples, batch_size):
    expected = f"`batch_size`.*from 1 to 20.*Received: {batch_size}"
    with pytest.raises(ValueError, match=expected):
        training_batches(examples, 3, batch_size)


def test_unknown_augmentation_is_an_error(examples):
    with pytest.raises(ValueError, match=r"`augment`.*Received: 'mixup'"):
        training_batches(examples, 3, 4, augment="mixup")


def test_evaluation_gives_all_examples_in_order(examples):
    batches = _read(evaluation_batches(examples, 3, 8))
    assert [len(image) for image, _ in batches] == [8, 8, 4]
    images, labels = (
        np.concatenate(part) for part in zip(*batches, strict=True)
    )
    np.testing.assert_array_equal(images, examples.images)
    np.testing.assert_array_equal(labels, np.eye(3)[examples.labels])


def test_mapped_files_are_read(examples, tmp_path):
    mapped = np.lib.format.open_memmap(
        tmp_path / "images.npy", "w+", np.uint8, examples.images.shape
    )
    mapped[:] = examples.images
    on_disk = Examples(mapped, examples.labels)
    _assert_equal(
        _read(training_batches(on_disk, 3, 8)),
        _read(training_batches(examples, 3, 8)),
    )


def test_fit_reads_one_stream_over_all_epochs(examples):
    model = keras.Sequential(
        [keras.layers.Flatten(), keras.layers.Dense(3, activation="softmax")]
    )
    model.compile("sgd", "categorical_crossentropy")
    history = model.fit(
        training_batches(examples, 3, 5, epochs=2),
        validation_data=evaluation_batches(examples, 3, 8),
        epochs=2,
        steps_per_epoch=steps_per_epoch(examples, 5),
        shuffle=False,
        verbose=0,
    )
    assert len(history.history["val_loss"]) == 2


def test_a_stream_of_chosen_examples_visits_those_only(examples):
    chosen = np.arange(1, len(examples), 2)
    batches = training_batches(
        examples, 10, batch_size=1, augment="none", flip=False, chosen=chosen
    )
    seen = [images[0].numpy() for images, _ in batches]
    assert len(seen) == len(chosen)
    expected = {examples.images[index].tobytes() for index in chosen}
    assert {image.astype("uint8").tobytes() for image in seen} <= expected


def _read_balanced(steps, first_epoch, epochs):
    return _read(
        training_batches(
            FIVE_IDENTITIES,
            5,
            batch_size=12,
            augment="erase",
            seed=3,
            first_epoch=first_epoch,
            epochs=epochs,
            images_per_class=4,
            steps=steps,
        )
    )


def test_every_batch_has_as_many_images_of_each_of_its_identities():
    batches = _read_balanced(steps=None, first_epoch=0, epochs=4)
    assert len(batches) == 4 * 2
    for images, labels in batches:
        assert images.shape == (12, 8, 4, 3)
        counts = labels.sum(axis=0)
        assert sorted(counts) == [0, 0, 4, 4, 4]


@pytest.mark.parametrize("steps", [None, 1])
@pytest.mark.parametrize("first_epoch", [0, 1, 2, 3])
def test_a_balanced_stream_resumes(first_epoch, steps):
    whole = _read_balanced(steps, 0, 3)
    resumed = _read_balanced(steps, first_epoch, 3 - first_epoch)
    done = first_epoch * len(whole) // 3
    _assert_equal(whole[done:], resumed)


ON_TWO_REPLICAS = """
import numpy as np
import tensorflow as tf
from ntaa_tf.data import Examples
from ntaa_tf.data import training_batches

(processor,) = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(
    processor, [tf.config.LogicalDeviceConfiguration()] * 2
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
labels = np.repeat(np.arange(6), 7)
examples = Examples(np.zeros((len(labels), 4, 4, 3), np.uint8), labels)
stream = training_batches(
    examples, 6, batch_size=12, epochs=2, images_per_class=3
)
shared = iter(strategy.experimental_distribute_dataset(stream))
for images, whole in stream:
    parts = strategy.experimental_local_results(next(shared)[1])
    np.testing.assert_array_equal(np.concatenate(parts), whole)
    print(*[np.sort(np.sum(part, axis=0)).tolist() for part in parts])
assert next(shared, None) is None
"""


def test_each_replica_gets_whole_identities():
    """In a new process: devices must be configured before first use."""
    done = subprocess.run(
        [sys.executable, "-c", ON_TWO_REPLICAS],
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    counts = "[0.0, 0.0, 0.0, 0.0, 3.0, 3.0]"
    assert done.stdout.splitlines() == [f"{counts} {counts}"] * 6
