"""Difference between the outputs of an export and of the live model."""

import numpy as np

from ntaa_tf.export.class_outputs import EMBEDDING
from ntaa_tf.export.class_outputs import Outputs


def compare(live: Outputs, exported: Outputs) -> tuple[float, float]:
    """Compare the outputs of an export with those of the live model.

    Args:
        live: outputs of the live model by name: logits, or embeddings of
            length 1, (batch, values).
        exported: outputs of the export by signature and name, joined by a
            slash.

    Returns:
        The largest absolute difference of any output, divided by the largest
        value of the live output if that is above 1. It is infinite if names or
        shapes differ, and NaN if an output is.

        The share of equal predictions. The prediction for an embedding is the
        most similar other image of the batch.

    Example:
    >>> live = {"logits": np.array([[0.0, 4.0], [1.0, 0.0]])}
    >>> compare(live, {"keras/logits": np.array([[0.0, 4.0], [1.0, 2.0]])})
    (0.5, 0.5)
    """
    signatures = {path.split("/")[0] for path in exported}
    expected_paths = {f"{sign}/{name}" for sign in signatures for name in live}
    if set(exported) != expected_paths:
        return float("inf"), 0.0
    differences, same = [], []
    for path, value in exported.items():
        name = path.split("/", 1)[1]
        expected = live[name]
        # Shapes are compared first, because NumPy would broadcast them.
        if value.shape != expected.shape:
            return float("inf"), 0.0
        scale = max(1.0, np.abs(expected).max())
        differences.append(np.abs(value - expected).max() / scale)
        same.append(_predict(name, value) == _predict(name, expected))
    # NumPy's maximum is NaN if any difference is; Python's might not be.
    return float(np.max(differences)), float(np.mean(same))


def _predict(name: str, output: np.ndarray) -> np.ndarray:
    """Return the class, or the most similar other image, of each image."""
    if name != EMBEDDING:
        return output.argmax(-1)
    similarities = output @ output.T
    np.fill_diagonal(similarities, -np.inf)
    return similarities.argmax(-1)
