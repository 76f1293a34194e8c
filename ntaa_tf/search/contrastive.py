"""A supernet that learns without labels, from what its source says."""

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
    """What queries are to find.

    Args:
        encode: gives the keys of images, of length 1; it is constant.
        queue: of the keys of the batches before.
        temperature: τ of InfoNCE.
    """

    encode: Callable[[Any], Any]
    queue: KeyQueue
    temperature: float = 0.2


@keras.saving.register_keras_serializable(package="ntaa_tf")
class ContrastiveSupernet(Supernet):
    """A supernet whose queries find the keys of the same images.

    `fit` takes pairs of batches, two views of the same images. Queries are the
    outputs of one view, keys what the frozen source says of the other. The
    logits stay as they are.

    Source: NTAA, section III-C and equation 19.
    """

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        key_space: KeySpace | None = None,
        **kwargs: Any,
    ) -> None:
        """Set up the training.

        Args:
            optimizer: of the weights.
            key_space: where queries look for their keys; needed, and no part
                of the configuration.
            **kwargs: as `Supernet.compile` takes them.

        Raises:
            ValueError: if there is no key space.
        """
        super().compile(optimizer, **kwargs)
        if key_space is None:
            raise ValueError(
                "Invalid value for `key_space`. Expected what gives keys. "
                "Received: None."
            )
        self.key_space = key_space

    @property
    def training_state(self) -> list[keras.Variable]:
        """With the queue."""
        return [*super().training_state, *self.key_space.queue.variables]

    def train_step(self, views: Any) -> dict[str, Any]:
        """Move the weights; the keys of this batch come into the queue last."""
        images, others = views
        self.anneal()
        keys = ops.stop_gradient(self.key_space.encode(others))
        variables = self.network_variables
        gradients, loss, _ = self.differentiate(
            (images, keys), variables, self.optimizer, self._contrast
        )
        run_once(self.optimizer.apply, gradients, variables)
        self.key_space.queue.put(keys)
        self.progress.assign_add(self.progress_per_step)
        for metric in self.metrics:
            if metric.name == "loss":
                metric.update_state(
                    restore_loss(loss), sample_weight=ops.shape(images)[0]
                )
        return self.get_metrics_result()

    def _contrast(
        self, images: Any, keys: Any, queries: Any, sample_weight: Any
    ) -> Any:
        losses = compute_info_nce(
            ops.cast(queries, keys.dtype),
            keys,
            ops.convert_to_tensor(self.key_space.queue.keys),
            self.key_space.temperature,
        )
        return share_loss(sum(self.losses, start=ops.mean(losses)))


def attach_query_head(features: Supernet, size: int, seed: int = 0) -> Any:
    """Put a head of two layers on a feature map: queries of length 1.

    Args:
        features: from images to maps (batch, height, width, channels).
        size: of a query.
        seed: of the kernels.

    Returns:
        Symbolic queries (batch, size).

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
    """Build what gives keys: the source, pooled, and a random projection.

    Nothing of it is trained, so that keys of any time can be compared.

    Args:
        source: from images to maps (batch, height, width, channels); it is
            left as it is.
        size: of a key. Where the map has no more channels, they are the key.
        seed: of the projection.

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
