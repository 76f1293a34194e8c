"""Divergence of a student's predictions from its teacher's."""

from typing import Any

from keras import ops

from ntaa_tf.distribute import gather
from ntaa_tf.distribute import locate

# Similarities of embeddings lie between -1 and 1. Divided by this they make a
# softmax that the nearest images of a batch dominate.
SIMILARITY_TEMPERATURE = 0.1
SMALLEST_SQUARE = 1e-12  # Shorter embeddings have no direction.
FAR = 1e9  # Subtracted from the logits that are masked out.


def compare_logits(teacher: Any, student: Any, temperature: float) -> Any:
    """Compute T² · KL(softmax(teacher / T) ‖ softmax(student / T)).

    The factor T² keeps the size of the gradients at every temperature.

    Args:
        teacher: logits (batch, classes).
        student: logits (batch, classes).
        temperature: softmax temperature T, above 0.

    Returns:
        The divergence of each image (batch,).

    Source: Hinton et al., "Distilling the Knowledge in a Neural Network".

    Example:
    >>> compare_logits(ops.ones((2, 3)), ops.zeros((2, 3)), 4.0).numpy()
    array([0., 0.], dtype=float32)
    """
    divergence = _diverge(teacher / temperature, student / temperature)
    return temperature**2 * divergence


def compare_embeddings(teacher: Any, student: Any) -> Any:
    """Compute the divergence of the similarities of the images of a batch.

    Each image has a distribution over the other images: the softmax of its
    cosine similarities. So teacher and student may differ in channels. The
    batch spans all replicas.

    Args:
        teacher: embeddings (batch, channels), of at least two images.
        student: embeddings (batch, other channels).

    Returns:
        The Kullback-Leibler divergence of each image (batch,).

    Source: Passalis and Tefas, "Learning Deep Representations with
    Probabilistic Knowledge Transfer".

    Example:
    >>> compare_embeddings(ops.eye(3), 2 * ops.eye(3)).numpy()
    array([0., 0., 0.], dtype=float32)
    """
    return _diverge(_list_similarities(teacher), _list_similarities(student))


def _list_similarities(embeddings: Any) -> Any:
    """Return similarities to the other images as logits (batch, others)."""
    embeddings = ops.cast(embeddings, "float32")
    squares = ops.sum(ops.square(embeddings), -1, keepdims=True)
    unit = embeddings / ops.sqrt(ops.maximum(squares, SMALLEST_SQUARE))
    others = gather(unit)
    similarities = ops.matmul(unit, ops.transpose(others))
    # An image is most similar to itself, which says nothing.
    itself = ops.one_hot(locate(unit), ops.shape(others)[0])
    return similarities / SIMILARITY_TEMPERATURE - FAR * itself


def _diverge(teacher: Any, student: Any) -> Any:
    """Compute KL(softmax(teacher) ‖ softmax(student)) of rows of logits."""
    teacher, student = (ops.cast(x, "float32") for x in (teacher, student))
    expected = ops.log_softmax(teacher, -1)
    difference = expected - ops.log_softmax(student, -1)
    return ops.sum(ops.exp(expected) * difference, -1)
