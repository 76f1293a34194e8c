"""The accuracy counts examples with known labels, over batches."""

import numpy as np
import pytest

from ntaa_tf.metrics import KnownAccuracy


def test_what_is_missing_is_not_counted_over_batches():
    accuracy = KnownAccuracy()
    right, wrong, missing = [1, 0], [0, 1], [0, 0]
    accuracy.update_state(np.array([right, missing]), np.array([[2, 1]] * 2))
    accuracy.update_state(np.array([right, wrong]), np.array([[2, 1]] * 2))
    assert float(accuracy.result()) == pytest.approx(2 / 3)
    accuracy.reset_state()
    accuracy.update_state(np.array([missing]), np.array([[2, 1]]))
    assert float(accuracy.result()) == 0


def test_weights_of_examples_are_heeded():
    accuracy = KnownAccuracy()
    labels = np.array([[1, 0], [0, 1], [0, 0]])
    accuracy.update_state(labels, np.array([[2, 1]] * 3), [1.0, 3.0, 5.0])
    assert float(accuracy.result()) == pytest.approx(0.25)
