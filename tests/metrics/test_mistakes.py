"""Mistakes are all images that are classified wrong, with the probability."""

import numpy as np
import pytest

from ntaa_tf.metrics import choose_mistakes
from ntaa_tf.metrics import find_mistakes

NAMES = ("ant", "bee")
LOGITS = np.array([[2.0, 0], [0, 3], [0, 1], [5, 0]], "float32")


def test_every_wrong_image_is_found_with_its_probability():
    found = find_mistakes("kind", NAMES, np.array([0, 0, 0, 1]), LOGITS)
    assert [each.image for each in found] == [1, 2, 3]
    assert {each.label for each in found} == {"kind"}
    first, _, last = found
    assert (first.truth, first.answer) == ("ant", "bee")
    assert (last.truth, last.answer) == ("bee", "ant")
    assert first.probability == pytest.approx(1 / (1 + np.exp(-3)))


def test_no_mistake_is_found_where_there_is_none():
    assert find_mistakes("kind", NAMES, LOGITS.argmax(-1), LOGITS) == []


def test_images_of_a_part_keep_their_index():
    known = np.array([4, 6, 7, 9])
    truth = 1 - LOGITS.argmax(-1)
    found = find_mistakes("kind", NAMES, truth, LOGITS, known)
    assert [each.image for each in found] == [4, 6, 7, 9]


def test_the_most_confident_come_first():
    found = find_mistakes("kind", NAMES, 1 - LOGITS.argmax(-1), LOGITS)
    chosen = choose_mistakes(found, 3)
    assert [each.image for each in chosen] == [3, 1, 0]
