"""The queue of keys is first in, first out, on every replica."""

import json
import subprocess
import sys

import numpy as np
import pytest
import tensorflow as tf

from ntaa_tf.search.key_queue import KeyQueue


def number(first, count):
    return np.arange(first, first + count, dtype="float32")[:, None] * np.ones(
        (1, 2), "float32"
    )


def test_it_begins_with_random_directions_of_its_seed():
    first, again, other = (KeyQueue(64, 8, seed) for seed in (1, 1, 2))
    np.testing.assert_allclose(
        np.linalg.norm(first.keys.numpy(), axis=1), 1, rtol=1e-5
    )
    np.testing.assert_array_equal(first.keys, again.keys)
    assert not np.array_equal(first.keys, other.keys)


@pytest.mark.parametrize("batch", [1, 3, 4, 7])
def test_the_oldest_give_way_also_around_the_end(batch):
    queue, length = KeyQueue(7, 2), 7
    put = tf.function(queue.put)
    given = 0
    for _ in range(5):
        put(number(given, batch))
        given += batch
    held = set(queue.keys.numpy()[:, 0])
    assert held >= set(range(max(0, given - length), given))
    assert int(queue.oldest) == given % length


def test_more_than_it_holds_is_refused():
    with pytest.raises(ValueError, match="holds 7 keys, but a batch has 8"):
        KeyQueue(7, 2).put(number(0, 8))


def test_keys_are_as_they_were_given():
    queue = KeyQueue(4, 2)
    queue.put(number(1, 3))
    queue.put(number(4, 3))
    np.testing.assert_array_equal(queue.keys.numpy()[:, 0], [5, 6, 3, 4])


def test_every_replica_holds_the_keys_of_all_in_their_order():
    """In a process of its own: devices are split before TensorFlow begins."""
    ended = subprocess.run(
        [sys.executable, "-c", TWO_REPLICAS],
        capture_output=True,
        text=True,
        check=True,
    )
    held = [json.loads(line) for line in ended.stdout.splitlines()]
    assert held == [[6, 7, 2, 3, 4, 5]] * 2


TWO_REPLICAS = """
import numpy as np
import tensorflow as tf

tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 2,
)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])

from ntaa_tf.search.key_queue import KeyQueue

with strategy.scope():
    queue = KeyQueue(6, 2)
keys = np.arange(8, dtype="float32")[:, None] * np.ones((1, 2), "float32")
batches = tf.data.Dataset.from_tensor_slices(keys).batch(4, drop_remainder=True)
put = tf.function(lambda batch: strategy.run(queue.put, args=(batch,)))
for batch in strategy.experimental_distribute_dataset(batches):
    put(batch)
for replica in queue.keys.value.values:
    print(replica.numpy()[:, 0].astype(int).tolist())
"""
