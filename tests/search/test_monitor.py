import keras
import numpy as np
import pytest
import tensorflow as tf
from search.small_models import make_small_supernet

from ntaa_tf.search.monitor import SearchMonitor
from ntaa_tf.search.monitor import measure_entropy


@pytest.fixture
def supernet(rng):
    return make_small_supernet(rng)


def test_entropy_of_uniform_logits_is_that_of_their_number(supernet):
    for logits in supernet.logits:
        logits.assign(np.zeros(logits.shape))
    sizes = [len(choice.options) for choice in supernet.choices]
    assert measure_entropy(supernet) == pytest.approx(np.mean(np.log(sizes)))


def test_monitor_logs_the_gap_and_leaves_the_supernet_alone(supernet, rng):
    images = rng.normal(size=(16, 16, 16, 3)).astype("float32")
    labels = rng.integers(4, size=16)
    supernet.compile(
        optimizer=keras.optimizers.SGD(0.0),
        architecture_optimizer=keras.optimizers.SGD(0.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    supernet.choices[0].logits.assign(np.eye(4)[3])
    batches = tf.data.Dataset.from_tensors((images, labels))

    def measure(model):
        return model.evaluate(batches, verbose=0, return_dict=True)["accuracy"]

    monitor = SearchMonitor(measure, "accuracy", [images])
    history = supernet.fit(
        images, labels, epochs=4, verbose=0, callbacks=[monitor]
    ).history
    assert history["changed_share"] == [0.5] * 4
    # At the end of the search the mixture is the network of the winners.
    assert history["val_accuracy"][-1] == history["val_argmax_accuracy"][-1]
    assert 0 <= history["val_accuracy"][0] <= 1
    assert float(supernet.choices[0].end_pull) == 1


def test_the_mixture_is_measured_on_several_devices(rng):
    """There the progress is a variable of a strategy, which is no number."""
    with tf.distribute.MirroredStrategy(["/cpu:0"]).scope():
        supernet = make_small_supernet(rng)
        supernet.compile(
            optimizer=keras.optimizers.SGD(0.0),
            architecture_optimizer=keras.optimizers.SGD(0.0),
            loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        )
    monitor = SearchMonitor(lambda _: 0.5, "accuracy", [])
    monitor.set_model(supernet)
    assert monitor._measure_mixture() == 0.5
