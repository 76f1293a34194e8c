"""Training of a supernet without labels, by contrastive learning.

The supernet's embedding of an image (the query) must match the source's
embedding of the same image (its key), and differ from those of earlier images
(InfoNCE).
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
from keras import ops

from ntaa_tf.distribute import restore_loss
from ntaa_tf.distribute import run_once
from ntaa_tf.distribute import share_loss
from ntaa_tf.graph.free_names import find_free_name
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.losses import compute_info_nce
from ntaa_tf.search.key_queue import KeyQueue
from ntaa_tf.search.supernet import Supernet


@dataclass(frozen=True)
class KeySpace:
    """The keys that queries are compared with.

    Args:
        encode: a constant function from images to keys, which are unit vectors.
        queue: the keys of earlier batches.
        temperature: the softmax temperature of InfoNCE (τ in equation 19).
    """

    encode: Callable[[Any], Any]
    queue: KeyQueue
    temperature: float = 0.2


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ContrastiveSupernet(Supernet):
    """A supernet whose weights learn to match queries with keys.

    `fit` takes pairs of batches: two views of the same images. The supernet
    computes queries from one view, and the frozen source computes keys from the
    other. The logits do not change.

    Source: NTAA, section III-C and equation 19.
    """

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        key_space: KeySpace | None = None,
        **kwargs: Any,
    ) -> None:
        """Configure the training.

        Args:
            optimizer: optimizer of the weights.
            key_space: the keys; required, and not saved in the configuration.
            **kwargs: arguments of `Supernet.compile`.

        Raises:
            ValueError: if there is no key space.
        """
        super().compile(optimizer, **kwargs)
        if key_space is None:
            raise ValueError(
                "`key_space` is None, but queries need keys to compare with. "
                "Pass a KeySpace."
            )
        self.key_space = key_space

    @property
    def training_state(self) -> list[keras.Variable]:
        """Training state including the queue."""
        return [*super().training_state, *self.key_space.queue.variables]

    def train_step(self, views: Any) -> dict[str, Any]:
        """Move the weights by a batch, then put its keys into the queue.

        The keys enter the queue last: before, each would be its own query's
        negative.
        """
        images, others = views
        self.anneal()
        keys = ops.stop_gradient(self.key_space.encode(others))
        variables = self.network_variables
        # The keys take the place of the labels.
        gradients, loss, _ = self.differentiate(
            (images, keys), variables, self.optimizer, self._contrast
        )
        run_once(self.optimizer.apply, gradients, variables)
        self.key_space.queue.put(keys)
        self.advance()
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(
                    restore_loss(loss), sample_weight=ops.shape(images)[0]
                )
        return self.get_metrics_result()

    def _contrast(
        self, images: Any, keys: Any, queries: Any, sample_weight: Any
    ) -> Any:
        """Compute this replica's share of InfoNCE, plus the penalties."""
        # The queue holds the keys of all replicas, so each replica has the same
        # negatives. The mean over its own images is divided by the replicas.
        losses = compute_info_nce(
            ops.cast(queries, keys.dtype),
            keys,
            ops.convert_to_tensor(self.key_space.queue.keys),
            self.key_space.temperature,
        )
        return share_loss(sum(self.losses, start=ops.mean(losses)))


def attach_query_head(features: Supernet, size: int, seed: int = 0) -> Any:
    """Attach a head of two dense layers that computes queries of length 1.

    Args:
        features: a supernet from images to feature maps, (batch, height,
            width, channels).
        size: number of components of a query.
        seed: random seed of the kernels.

    Returns:
        Symbolic queries, (batch, size).

    Source: Chen et al., "Improved Baselines with Momentum Contrastive
    Learning", 2020.
    """
    layers = keras.layers
    taken = {operation.name for operation in features.operations}
    channels = features.output.shape[-1]
    pooled = layers.GlobalAveragePooling2D(
        name=find_free_name("query_pooling", taken)
    )(features.output)
    hidden = layers.Dense(
        channels,
        activation="relu",
        kernel_initializer=keras.initializers.HeNormal(seed),
        name=find_free_name("query_hidden", taken),
    )(pooled)
    query = layers.Dense(
        size,
        kernel_initializer=keras.initializers.GlorotUniform(seed + 1),
        name=find_free_name("query", taken),
    )(hidden)
    return layers.UnitNormalization(name=find_free_name("unit_query", taken))(
        query
    )


def build_key_encoder(
    source: keras.Model, size: int, seed: int = 0
) -> keras.Model:
    """Build the encoder of keys: source, pooling and a random projection.

    All of it is frozen, so that keys of different batches are comparable. A
    random projection to fewer components roughly preserves angles.

    Args:
        source: a model from images to feature maps, (batch, height, width,
            channels); it is not modified.
        size: number of components of a key. A feature map with at most this
            many channels is not projected.
        seed: random seed of the projection.

    Returns:
        A frozen model from images to keys of length 1.

    Example:
    >>> inputs = keras.Input((8, 8, 3))
    >>> source = keras.Model(inputs, keras.layers.Conv2D(6, 3)(inputs))
    >>> build_key_encoder(source, 4).output.shape
    (None, 4)
    """
    layers = keras.layers
    frozen = rewrite(source)
    taken = {operation.name for operation in frozen.operations}
    keys = layers.GlobalAveragePooling2D(
        name=find_free_name("key_pooling", taken)
    )(frozen.output)
    if keys.shape[-1] > size:
        keys = layers.Dense(
            size,
            use_bias=False,
            kernel_initializer=keras.initializers.GlorotNormal(seed),
            name=find_free_name("key_projection", taken),
        )(keys)
    keys = layers.UnitNormalization(name=find_free_name("unit_key", taken))(
        keys
    )
    encoder = keras.Model(frozen.input, keys)
    encoder.trainable = False
    return encoder
