"""Probabilities and class names follow from the logits beside them."""

import numpy as np
import pytest

from ntaa_tf.export.class_outputs import compute_class_outputs
from ntaa_tf.export.class_outputs import find_disagreement
from ntaa_tf.export.class_outputs import name_class_outputs

NAMES = {"logits": ("cat", "Öhr")}
TWO = {"age": ("young", "old"), "classes": ("a", "b", "c")}
# Logits 0 and log 3 have the probabilities 1/4 and 3/4.
LOGITS = np.array([[0.0, np.log(3)], [0.0, -1e4]], "float32")


def make_outputs(**changed):
    right = {
        "logits": LOGITS,
        "probabilities": np.array([[0.25, 0.75], [1, 0]], "float32"),
        "classes": np.array(["Öhr", "cat"]),
    }
    return {f"one/{name}": each for name, each in (right | changed).items()}


def test_probabilities_and_the_largest_class_are_computed():
    computed = compute_class_outputs({"logits": LOGITS}, NAMES)
    assert list(computed) == ["probabilities", "classes"]
    np.testing.assert_allclose(
        computed["probabilities"], [[0.25, 0.75], [1, 0]], atol=1e-6
    )
    words = [each.decode() for each in computed["classes"].numpy()]
    assert words == ["Öhr", "cat"]


def test_attributes_have_names_of_their_own():
    names = [
        each for one in name_class_outputs(TWO).values() for each in one.names
    ]
    assert names == [
        "age/probabilities",
        "age/classes",
        "classes/probabilities",
        "classes/classes",
    ]
    assert not {*names} & {*TWO}


def test_an_embedding_has_no_classes():
    classes = {"embedding": None}
    assert compute_class_outputs({"embedding": LOGITS}, classes) == {}
    assert find_disagreement({"embed/embedding": LOGITS}, classes) == ""


def test_what_agrees_is_no_disagreement():
    assert find_disagreement(make_outputs(), NAMES) == ""


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (
            {"probabilities": np.array([[0.2501, 0.7499], [1, 0]])},
            "one/probabilities that are not the softmax of logits",
        ),
        ({"probabilities": np.array([[0.25, 0.75]])}, "not the softmax"),
        ({"probabilities": np.full((2, 2), np.nan)}, "not the softmax"),
        (
            {"classes": np.array(["cat", "cat"])},
            "one/classes that are not those of logits",
        ),
        ({"classes": np.array(["Öhr"])}, "not those of logits"),
    ],
)
def test_what_does_not_follow_from_the_logits_is_found(changed, message):
    assert message in find_disagreement(make_outputs(**changed), NAMES)


def test_a_missing_output_is_named():
    outputs = make_outputs()
    del outputs["one/classes"]
    assert find_disagreement(outputs, NAMES) == "returns no one/classes"
