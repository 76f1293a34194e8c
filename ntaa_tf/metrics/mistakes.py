"""The most confident mistakes of a classifier."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import softmax


@dataclass(frozen=True)
class Mistake:
    """An image that is classified wrong.

    Args:
        label: name of the label, such as that of an attribute.
        image: index of the image in its split.
        truth: name of the true class.
        answer: name of the most probable class.
        probability: probability of the answer.
    """

    label: str
    image: int
    truth: str
    answer: str
    probability: float


def find_mistakes(
    label: str,
    classes: Sequence[str],
    truth: np.ndarray,
    logits: np.ndarray,
    images: np.ndarray | None = None,
) -> list[Mistake]:
    """Find the images that are classified wrong.

    Args:
        label: name of the label.
        classes: names of the classes, by class index.
        truth: true class of each image, shape `(images,)`.
        logits: logits of each image, shape `(images, classes)`.
        images: index of each image in its split; by default their order.

    Returns:
        The mistakes, in the order of the images.

    Example:
    >>> logits = np.array([[9.0, 0.0], [9.0, 0.0]])
    >>> find_mistakes("kind", ("cat", "dog"), np.array([0, 1]), logits)
    [Mistake(label='kind', image=1, truth='dog', answer='cat', ...)]
    """
    predicted = logits.argmax(-1)
    probabilities = softmax(np.asarray(logits, "float64"), axis=-1)
    indices = np.arange(len(truth)) if images is None else images
    return [
        Mistake(
            label,
            int(indices[row]),
            str(classes[truth[row]]),
            str(classes[predicted[row]]),
            float(probabilities[row, predicted[row]]),
        )
        for row in np.flatnonzero(predicted != truth)
    ]


def choose_mistakes(mistakes: Sequence[Mistake], most: int) -> list[Mistake]:
    """Choose the mistakes with the highest probabilities, highest first."""
    return sorted(mistakes, key=lambda each: -each.probability)[:most]
