"""Heads of retrieval: an embedding, and a classifier that trains it."""

import keras
from keras import layers

from ntaa_tf.graph.free_names import find_free_name

EMBEDDING_OUTPUT = 0  # Index of the embedding; output 1 has the logits.


def attach_embedding(
    features: keras.Model,
    num_identities: int,
    embedding_size: int | None = None,
    seed: int = 0,
) -> keras.Model:
    """Put an embedding and a classifier on a model of feature maps.

    Batch norm between the embedding and the classifier separates their losses
    (BNNeck).

    Args:
        features: model from images to maps (batch, height, width, channels).
        num_identities: number of logits.
        embedding_size: channels of the embedding. By default the embedding is
            the mean of the map, without a projection.
        seed: random seed of the new kernels.

    Returns:
        A model from images to the embedding (batch, channels) and logits
        (batch, identities). A new layer whose name is taken gets a number.

    Source: Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person
    Re-identification".

    Example:
    >>> images = keras.Input((8, 4, 3))
    >>> features = keras.Model(images, keras.layers.Conv2D(6, 1)(images))
    >>> [output.shape for output in attach_embedding(features, 9).outputs]
    [(None, 6), (None, 9)]
    """
    head = _Head(features, num_identities, seed)
    if embedding_size is None:
        embedding = head.pool(features.output, "embedding")
    else:
        embedding = head.pool(features.output, "embedding_pooling")
        embedding = head.project(embedding, embedding_size, "embedding")
    normalized = layers.BatchNormalization(
        center=False, name=head.name("embedding_norm")
    )(embedding)
    logits = head.classify(normalized, "classifier")
    return keras.Model(features.input, [embedding, logits], name=features.name)


def attach_stripes(
    features: keras.Model,
    num_identities: int,
    stripes: int = 6,
    embedding_size: int = 256,
    seed: int = 0,
) -> keras.Model:
    """Put an embedding and a classifier on each stripe of the feature maps.

    Stripes are horizontal: of a person's image the first may show the head.

    Args:
        features: model from images to maps (batch, height, width, channels).
        num_identities: number of logits of each classifier.
        stripes: number of horizontal stripes, as equal as the rows allow.
        embedding_size: channels of the embedding of a stripe.
        seed: random seed of the new kernels.

    Returns:
        A model from images to the joined embeddings (batch, stripes ·
        channels) and logits (batch, stripes, identities). A new layer whose
        name is taken gets a number.

    Raises:
        ValueError: if the map has fewer rows than stripes.

    Source: Sun et al., "Beyond Part Models: Person Retrieval with Refined Part
    Pooling", PCB.

    Example:
    >>> images = keras.Input((8, 4, 3))
    >>> features = keras.Model(images, keras.layers.Conv2D(6, 1)(images))
    >>> model = attach_stripes(features, 9, stripes=4, embedding_size=5)
    >>> [output.shape for output in model.outputs]
    [(None, 20), (None, 4, 9)]
    """
    height = features.output.shape[1]
    if not 1 <= stripes <= height:
        raise ValueError(
            f"--stripes must be from 1 to {height}, the rows of the last "
            f"feature map. Received: {stripes}. Choose fewer stripes, taller "
            "images, or --last_stride=1."
        )
    embeddings, logits = [], []
    for index in range(stripes):
        head = _Head(features, num_identities, seed + index)
        outputs = head.attach_stripe(index, stripes, embedding_size)
        embeddings.append(outputs[0])
        logits.append(outputs[1])
    head = _Head(features, num_identities, seed)
    return keras.Model(
        features.input,
        [
            head.join(embeddings, "embedding", axis=-1),
            head.join(logits, "classifier", axis=1),
        ],
        name=features.name,
    )


def remove_classifier(model: keras.Model) -> keras.Model:
    """Cut the classifier off, and scale the embedding to length 1.

    Args:
        model: model built by `attach_embedding` or `attach_stripes`.

    Returns:
        A model from images to embeddings (batch, channels) that shares all
        layers with `model`.
    """
    taken = {operation.name for operation in model.operations}
    embedding = layers.UnitNormalization(
        name=find_free_name("unit_embedding", taken)
    )(model.outputs[EMBEDDING_OUTPUT])
    return keras.Model(model.inputs[0], embedding, name=model.name)


class _Head:
    """Builder of the layers of one head.

    Args:
        features: model from images to feature maps; a new layer whose name is
            taken there gets a number.
        num_identities: number of logits.
        seed: random seed of the new kernels.
    """

    def __init__(self, features: keras.Model, num_identities: int, seed: int):
        self._map = features.output
        self._num_identities = num_identities
        self._seed = seed
        self._taken = {operation.name for operation in features.operations}

    def name(self, wanted: str) -> str:
        return find_free_name(wanted, self._taken)

    def pool(self, tensor: keras.KerasTensor, name: str) -> keras.KerasTensor:
        return layers.GlobalAveragePooling2D(name=self.name(name))(tensor)

    def project(
        self, tensor: keras.KerasTensor, size: int, name: str
    ) -> keras.KerasTensor:
        projected = layers.Dense(
            size,
            use_bias=False,
            kernel_initializer=keras.initializers.HeNormal(seed=self._seed),
            name=self.name(f"{name}_projection"),
        )(tensor)
        return layers.BatchNormalization(name=self.name(name))(projected)

    def classify(
        self, tensor: keras.KerasTensor, name: str
    ) -> keras.KerasTensor:
        return layers.Dense(
            self._num_identities,
            use_bias=False,
            kernel_initializer=keras.initializers.RandomNormal(
                stddev=0.001, seed=self._seed
            ),
            name=self.name(name),
        )(tensor)

    def attach_stripe(
        self, index: int, stripes: int, embedding_size: int
    ) -> tuple[keras.KerasTensor, keras.KerasTensor]:
        """Return embedding and logits (batch, 1, identities) of a stripe.

        Args:
            index: number of the stripe, 0 at the top.
            stripes: number of stripes.
            embedding_size: channels of the stripe's embedding.
        """
        height, name = self._map.shape[1], f"stripe{index}"
        top, bottom = (i * height // stripes for i in (index, index + 1))
        tensor = layers.Cropping2D(
            ((top, height - bottom), (0, 0)), name=self.name(name)
        )(self._map)
        tensor = self.pool(tensor, f"{name}_pooling")
        tensor = self.project(tensor, embedding_size, f"{name}_norm")
        embedding = layers.ReLU(name=self.name(f"{name}_relu"))(tensor)
        tensor = layers.Dropout(
            0.5, seed=self._seed, name=self.name(f"{name}_dropout")
        )(embedding)
        tensor = self.classify(tensor, f"{name}_classifier")
        logits = layers.Reshape(
            (1, self._num_identities), name=self.name(f"{name}_logits")
        )(tensor)
        return embedding, logits

    def join(
        self, tensors: list[keras.KerasTensor], name: str, axis: int
    ) -> keras.KerasTensor:
        if len(tensors) == 1:
            return layers.Identity(name=self.name(name))(tensors[0])
        return layers.Concatenate(axis=axis, name=self.name(name))(tensors)
