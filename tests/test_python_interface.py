"""One call from Python does the whole job, and goes on where it stopped."""

import subprocess
import sys

import keras
import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.data import open_dataset
from ntaa_tf.python_interface import adapt

SIZE = 16


@pytest.fixture(scope="module")
def examples():
    """Bright and dark images, each with its label."""
    rng = np.random.default_rng(0)
    labels = np.arange(40) % 2
    images = rng.integers(0, 60, (40, SIZE, SIZE, 3)) + 150 * labels.reshape(
        -1, 1, 1, 1
    )
    return images.astype("uint8"), labels


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    images = hidden = keras.Input((SIZE, SIZE, 3))
    for channels in (4, 8):
        hidden = keras.layers.Conv2D(channels, 3, padding="same")(hidden)
        hidden = keras.layers.ReLU()(hidden)
    pooled = keras.layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(images, keras.layers.Dense(3)(pooled), name="small")


class Counter(keras.callbacks.Callback):
    """Counts the epochs of all trainings."""

    epochs = 0

    def on_epoch_end(self, epoch, logs=None):
        Counter.epochs += 1


def call(model, examples, **choices):
    return adapt(
        model,
        examples,
        test=examples,
        workdir="work",
        class_names=["dark", "bright"],
        preprocessing="tf",
        price=0.0,  # So few images judge nothing.
        search_epochs=2,
        finetune_epochs=1,
        batch_size=8,
        **choices,
    )


@pytest.fixture(scope="module")
def result(model, examples, tmp_path_factory):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(tmp_path_factory.mktemp("python"))
        found = call(model, examples, callbacks=[Counter()])
        assert Counter.epochs == 6  # Three of the baseline, three of the run.
        again = call(model, examples, callbacks=[Counter()])
        assert Counter.epochs == 6
        assert again.metrics == found.metrics
        yield found


def test_the_result_has_models_numbers_and_a_verdict(result, examples):
    images, _ = examples
    for network in (result.model, result.baseline):
        assert network(images[:2].astype("float32")).shape == (2, 2)
    assert result.metrics.verdict.outcome == "no different"
    assert result.metrics.data.test_images == 40
    assert (result.run_directory / "report.html").exists()


def refuse(message, train, **others):
    with pytest.raises(ValueError, match=message):
        adapt("m.keras", train, workdir="x", preprocessing="tf", **others)


def test_data_that_can_not_be_meant_are_refused(
    examples, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    images, labels = examples
    refuse("values from 0 to 255", (images / 255, labels))
    refuse("values from 0 to 255", (images - 128.0, labels))
    refuse("shape", (images[..., :2], labels))
    refuse("class indices", (images, labels - 1))
    refuse("class indices", (images, labels + 0.5))
    refuse("class indices", (images, np.array([[3, 40]] * 40)))
    refuse("class indices", (images, np.array(["a"] * 40)))
    refuse("each of the 2 labels", examples, class_names=["dark"])
    refuse("can't be given beside", "folder", test=examples)
    refuse("`test` is a name", examples, test="folder")
    pairs = tf.data.Dataset.from_tensor_slices(examples)
    refuse("an empty dataset", pairs.take(0))
    refuse("is endless", pairs.repeat())
    refuse("dataset of pairs", tf.data.Dataset.from_tensors(0))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("batches", [False, True])
def test_datasets_with_and_without_batches_are_read(
    examples, batches, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    images, labels = examples
    data = tf.data.Dataset.from_tensor_slices(
        (images.astype("float32"), np.eye(2)[labels])
    )
    data = data.shuffle(40).batch(7) if batches else data
    refuse("m.keras", data)  # The data are fine; there is no such model.
    refuse("m.keras", data)  # Another order of the same examples.
    (file,) = tmp_path.glob("runs/given/*.npz")
    train = open_dataset(f"arrays:{file}").splits["train"]
    assert sorted(map(bytes, train.images)) == sorted(map(bytes, images))
    bright = train.images.mean((1, 2, 3)) > 100
    np.testing.assert_array_equal(train.labels, bright)


def test_the_same_examples_in_other_splits_are_other_data(
    examples, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)
    refuse("m.keras", examples, test=examples)
    refuse("m.keras", examples, validation=examples)
    assert len(list(tmp_path.glob("runs/given/*.npz"))) == 2


def test_a_callback_that_stops_a_training_is_refused(
    model, examples, monkeypatch, tmp_path
):
    monkeypatch.chdir(tmp_path)

    class Stop(keras.callbacks.Callback):
        def on_epoch_end(self, epoch, logs=None):
            self.model.stop_training = True

    with pytest.raises(ValueError, match="after 1 of 3 epochs"):
        call(model, examples, callbacks=[Stop()])


def test_the_package_has_the_calls_under_their_plain_names():
    program = "import ntaa_tf; print(ntaa_tf.adapt.__module__, ntaa_tf.predict)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert done.stdout.startswith("ntaa_tf.python_interface <function predict")
