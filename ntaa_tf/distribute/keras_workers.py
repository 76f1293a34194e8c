"""Patches for Keras's training loop on several workers.

Keras 3's `fit` and `evaluate` do not support MultiWorkerMirroredStrategy:
https://github.com/keras-team/keras/issues/20585. Two methods in
keras/src/backend/tensorflow/trainer.py make assumptions that do not hold;
this module overrides both, and nothing else.
"""

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute.workers import find_workers


class DistributedModel(keras.Model):
    """Keras model that trains and evaluates on one worker or on several."""

    def _maybe_symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        workers = find_workers()
        # Keras builds the model with the mean of the replicas' batches. That
        # fails if their sizes differ. Any replica's batch has the same shape
        # and dtype, and its values are not used.
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
            # Keras averages the logs of all replicas over axis 0, but logs
            # are scalars.
            return keras.tree.map_structure(
                lambda log: ops.reshape(log, (1,)), step_function(data)
            )

        alone = find_workers() is None
        return super()._make_function(step_function if alone else step)
