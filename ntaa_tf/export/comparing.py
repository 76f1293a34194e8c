"""How far answers are from those of the live model."""

from collections.abc import Mapping

import numpy as np

from ntaa_tf.export.saved_model import EMBEDDING

Answers = Mapping[str, np.ndarray]


def compare(live: Answers, given: Answers) -> tuple[float, float]:
    """Compare answers with those of the live model.

    Args:
        live: by output; logits, or embeddings of length 1.
        given: by signature and output, joined by a slash.

    Returns:
        The largest difference, as a share of the live output's largest value
        where that is above 1, infinity where a shape or a name is another; and
        the share of the same predictions: of embeddings, the most similar
        other image.

    Example:
    >>> live = {"logits": np.array([[0.0, 4.0], [1.0, 0.0]])}
    >>> compare(live, {"keras/logits": np.array([[0.0, 4.0], [1.0, 2.0]])})
    (0.5, 0.5)
    """
    signatures = {path.split("/")[0] for path in given}
    if set(given) != {f"{of}/{name}" for of in signatures for name in live}:
        return float("inf"), 0.0
    differences, same = [], []
    for path, value in given.items():
        name = path.split("/", 1)[1]
        expected = live[name]
        if value.shape != expected.shape:
            return float("inf"), 0.0
        scale = max(1.0, np.abs(expected).max())
        differences.append(np.abs(value - expected).max() / scale)
        same.append(_predict(name, value) == _predict(name, expected))
    return float(np.max(differences)), float(np.mean(same))  # NaN if any is.


def _predict(name: str, output: np.ndarray) -> np.ndarray:
    """Give the class of each image, or the most similar other image."""
    if name != EMBEDDING:
        return output.argmax(-1)
    similarities = output @ output.T
    np.fill_diagonal(similarities, -np.inf)
    return similarities.argmax(-1)
