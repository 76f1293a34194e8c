"""Every deviation from the live model's outputs is detected."""

import numpy as np
import pytest

from ntaa_tf.export.comparing import compare

ZEROS = {"logits": np.zeros((2, 4))}


@pytest.mark.parametrize("name", ["serving_default", "serve_uint8"])
@pytest.mark.parametrize(
    ("wrong", "expected"),
    [
        (np.full((2, 4), 0.5), 0.5),
        (np.full((2, 4), np.nan), np.nan),
        (np.zeros((2, 1)), np.inf),  # Broadcasting would make it equal.
    ],
)
def test_every_signature_is_compared(name, wrong, expected):
    right = dict.fromkeys(
        ("serving_default/logits", "serve_uint8/logits"), np.zeros((2, 4))
    )
    difference, _ = compare(ZEROS, right | {f"{name}/logits": wrong})
    np.testing.assert_equal(difference, expected)


@pytest.mark.parametrize("names", [["age"], ["age", "gender", "more"]])
def test_missing_and_additional_outputs_are_refused(names):
    live = {"age": np.eye(2), "gender": np.eye(2)}
    exported = {f"onnx/{name}": np.eye(2) for name in names}
    assert compare(live, exported) == (np.inf, 0)


def test_the_difference_of_large_logits_is_relative():
    live = {"logits": np.array([[0.0, 200.0]])}
    exported = {"onnx/logits": np.array([[0.0, 201.0]])}
    assert compare(live, exported) == (0.005, 1.0)


def test_the_predictions_of_every_attribute_are_counted():
    live = {"age": np.eye(2), "gender": np.eye(2)}
    exported = {"onnx/age": np.eye(2), "onnx/gender": 1 - np.eye(2)}
    assert compare(live, exported) == (1.0, 0.5)


def test_embeddings_agree_where_the_nearest_image_is_the_same():
    angles = np.array([0.0, 0.1, 1.0, 1.3])
    live = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    moved = live.copy()
    moved[2] = np.cos(0.3), np.sin(0.3)  # Now nearest to the second.
    difference, agreement = compare(
        {"embedding": live}, {"embed/embedding": moved}
    )
    assert agreement == 0.75
    assert difference == pytest.approx(np.abs(moved - live).max())
