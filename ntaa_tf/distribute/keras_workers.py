"""What Keras lacks to train on several workers, and nothing else.

Keras 3's `fit` and `evaluate` do not support MultiWorkerMirroredStrategy:
https://github.com/keras-team/keras/issues/20585. Both assumptions that fail
are in keras/src/backend/tensorflow/trainer.py, and are named below.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute.workers import find_workers


class DistributedModel(keras.Model):
    """A model that is trained and evaluated on one worker or on several."""

    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        workers = find_workers()
        # Keras would take the mean of what the replicas have of a batch. Its
        # values are of no use here, and parts of several lengths have none.
        if workers is not None and iterator is not None:
            for _, _, batches in iterator:
                data_batch = keras.tree.map_structure(
                    lambda part: workers.experimental_local_results(part)[0],
                    next(batches),
                )
                break
            iterator = None
        super()._maybe_symbolic_build(iterator, data_batch)

    def _make_function(
        self, step_function: Callable[[Any], Any]
    ) -> Callable[[Any], Any]:
        def step(data: Any) -> Any:
            # Keras takes the mean of the logs of all replicas, over an axis
            # that numbers do not have.
            return keras.tree.map_structure(
                lambda log: ops.reshape(log, (1,)), step_function(data)
            )

        alone = find_workers() is None
        return super()._make_function(step_function if alone else step)
