"""Heads that learn an embedding by telling training identities apart."""

import keras
from keras import layers

EMBEDDING, LOGITS = 0, 1  # The outputs of a model with such a head.


def attach_embedding(
    features: keras.Model,
    num_identities: int,
    embedding_size: int | None = None,
    seed: int = 0,
) -> keras.Model:
    """Put an embedding and, behind batch norm, a classifier on a feature map.

    Args:
        features: a model from images to maps (batch, height, width, channels).
        num_identities: how many logits the classifier gives.
        embedding_size: channels of the embedding; by default those of the map,
            of which it is the mean.
        seed: of the new kernels.

    Returns:
        A model from images to the embedding (batch, channels), and to logits
        (batch, identities).

    Source: Luo et al., "Bag of Tricks and a Strong Baseline for Deep Person
    Re-identification".

    Example:
    >>> images = keras.Input((8, 4, 3))
    >>> features = keras.Model(images, keras.layers.Conv2D(6, 1)(images))
    >>> [output.shape for output in attach_embedding(features, 9).outputs]
    [(None, 6), (None, 9)]
    """
    embedding = layers.GlobalAveragePooling2D(name="embedding")(features.output)
    if embedding_size is not None:
        embedding = _project(embedding, embedding_size, "projection", seed)
    normalized = layers.BatchNormalization(center=False, name="embedding_norm")(
        embedding
    )
    logits = _classify(normalized, num_identities, "classifier", seed)
    return keras.Model(features.input, [embedding, logits], name=features.name)


def attach_stripes(
    features: keras.Model,
    num_identities: int,
    stripes: int = 6,
    embedding_size: int = 256,
    seed: int = 0,
) -> keras.Model:
    """Put an embedding and a classifier on each stripe of a feature map.

    Args:
        features: a model from images to maps (batch, height, width, channels).
        num_identities: how many logits each classifier gives.
        stripes: equal parts, one above the other, as far as rows allow.
        embedding_size: channels of the embedding of a stripe.
        seed: of the new kernels.

    Returns:
        A model from images to the embeddings side by side (batch, stripes ·
        channels), and to logits (batch, stripes, identities).

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
    tensor = features.output
    height = tensor.shape[1]
    if not 1 <= stripes <= height:
        raise ValueError(
            "Invalid value for `stripes`. Expected from 1 to the "
            f"{height} rows of the last map; taller images or --last_stride=1 "
            f"have more. Received: {stripes}."
        )
    embeddings, logits = [], []
    for index in range(stripes):
        top = index * height // stripes
        bottom = (index + 1) * height // stripes
        stripe = layers.Cropping2D(
            ((top, height - bottom), (0, 0)), name=f"stripe{index}"
        )(tensor)
        pooled = layers.GlobalAveragePooling2D(name=f"stripe{index}_pooling")(
            stripe
        )
        part = _project(pooled, embedding_size, f"stripe{index}", seed + index)
        embeddings.append(layers.ReLU(name=f"stripe{index}_relu")(part))
        part = layers.Dropout(0.5, seed=seed, name=f"stripe{index}_dropout")(
            embeddings[-1]
        )
        part = _classify(
            part, num_identities, f"stripe{index}_classifier", seed + index
        )
        logits.append(layers.Reshape((1, num_identities))(part))
    return keras.Model(
        features.input,
        [_join(embeddings, "embedding"), _join(logits, "classifier", axis=1)],
        name=features.name,
    )


def keep_embedding(model: keras.Model) -> keras.Model:
    """Cut the classifier off, and give the embedding unit length.

    Args:
        model: what `attach_embedding` or `attach_stripes` gave.

    Returns:
        A model from images to embeddings (batch, channels); it shares all
        layers with `model`.
    """
    embedding = layers.UnitNormalization(name="unit_embedding")(
        model.outputs[EMBEDDING]
    )
    return keras.Model(model.inputs[0], embedding, name=model.name)


def _project(
    tensor: keras.KerasTensor, size: int, name: str, seed: int
) -> keras.KerasTensor:
    projected = layers.Dense(
        size,
        use_bias=False,
        kernel_initializer=keras.initializers.HeNormal(seed=seed),
        name=f"{name}_projection" if name != "projection" else name,
    )(tensor)
    return layers.BatchNormalization(name=f"{name}_norm")(projected)


def _classify(
    tensor: keras.KerasTensor, num_identities: int, name: str, seed: int
) -> keras.KerasTensor:
    return layers.Dense(
        num_identities,
        use_bias=False,
        kernel_initializer=keras.initializers.RandomNormal(
            stddev=0.001, seed=seed
        ),
        name=name,
    )(tensor)


def _join(
    tensors: list[keras.KerasTensor], name: str, axis: int = -1
) -> keras.KerasTensor:
    if len(tensors) == 1:
        return layers.Identity(name=name)(tensors[0])
    return layers.Concatenate(axis=axis, name=name)(tensors)
