"""No answer that is another than the live model's goes unnoticed."""

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
        (np.zeros((2, 1)), np.inf),  # broadcasting would call it equal
    ],
)
def test_each_signature_answers_for_itself(name, wrong, expected):
    right = dict.fromkeys(
        ("serving_default/logits", "serve_uint8/logits"), np.zeros((2, 4))
    )
    difference, _ = compare(ZEROS, right | {f"{name}/logits": wrong})
    np.testing.assert_equal(difference, expected)


@pytest.mark.parametrize("names", [["age"], ["age", "gender", "more"]])
def test_other_outputs_than_asked_for_are_no_answer(names):
    live = {"age": np.eye(2), "gender": np.eye(2)}
    given = {f"onnx/{name}": np.eye(2) for name in names}
    assert compare(live, given) == (np.inf, 0)


def test_large_logits_are_compared_by_their_share():
    live = {"logits": np.array([[0.0, 200.0]])}
    given = {"onnx/logits": np.array([[0.0, 201.0]])}
    assert compare(live, given) == (0.005, 1.0)


def test_each_attribute_is_a_prediction_of_its_own():
    live = {"age": np.eye(2), "gender": np.eye(2)}
    given = {"onnx/age": np.eye(2), "onnx/gender": 1 - np.eye(2)}
    assert compare(live, given) == (1.0, 0.5)


def test_embeddings_agree_where_the_nearest_image_is_the_same():
    angles = np.array([0.0, 0.1, 1.0, 1.3])
    live = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    moved = live.copy()
    moved[2] = np.cos(0.3), np.sin(0.3)  # now nearest to the second
    difference, agreement = compare(
        {"embedding": live}, {"embed/embedding": moved}
    )
    assert agreement == 0.75
    assert difference == pytest.approx(np.abs(moved - live).max())
