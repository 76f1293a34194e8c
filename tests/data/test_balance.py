"""Balanced classes count equally, and the mean weight of examples is 1."""

import numpy as np
import pytest

from ntaa_tf.data import balance_classes


def test_all_classes_together_count_equally(rng):
    labels = rng.choice(4, 1000, p=[0.7, 0.2, 0.09, 0.01])
    weights = balance_classes(labels, 4)
    totals = np.bincount(labels, weights[labels])
    np.testing.assert_allclose(totals, 250, rtol=1e-5)
    assert weights[labels].mean() == pytest.approx(1, rel=1e-5)


def test_balanced_labels_have_weights_of_one():
    np.testing.assert_array_equal(balance_classes(np.arange(6) % 3, 3), 1)


def test_a_class_without_examples_has_the_weight_one():
    assert balance_classes(np.array([0, 2]), 4).tolist() == [1, 1, 1, 1]
    assert balance_classes(np.array([], int), 2).tolist() == [1, 1]
