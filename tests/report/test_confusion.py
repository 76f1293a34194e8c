"""Confusion matrices are drawn for few classes, and listed for many."""

import numpy as np
import pytest
from sklearn import metrics

from ntaa_tf.metrics import count_confusions
from ntaa_tf.report import confusion
from ntaa_tf.report.confusion import draw_confusion
from ntaa_tf.report.confusion import list_confused
from ntaa_tf.report.confusion import measure_classes

ANIMALS = count_confusions(
    ["cat", "dog", "a_very_$long_name$_of_a_bird"],
    np.array([0, 0, 0, 0, 1, 1, 2]),
    np.array([0, 0, 0, 1, 1, 0, 2]),
)


@pytest.fixture
def axes(monkeypatch):
    """What is drawn of the animals."""
    drawn = []
    monkeypatch.setattr(
        confusion, "to_svg", lambda figure, label: drawn.append(figure) or label
    )
    draw_confusion("animals", ANIMALS)
    return drawn[0].axes[0]


def test_every_count_stands_in_its_place(axes):
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    # Columns are predicted classes; zeros are left out.
    assert shown == {
        (0, 0): "3",
        (1, 0): "1",
        (0, 1): "1",
        (1, 1): "1",
        (2, 2): "1",
    }
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["cat", "dog", "a_very_$long_name…"]


def test_right_and_wrong_have_hues_and_shares_of_their_own(axes):
    pixels = axes.images[0].get_array()
    right, wrong = pixels[0, 0], pixels[0, 1]
    assert not np.allclose(right[:3], wrong[:3])
    np.testing.assert_allclose([right[3], wrong[3]], np.sqrt([3 / 4, 1 / 4]))
    assert pixels[2, 0, 3] == 0


def test_the_worst_pairs_come_first_with_all_images_of_their_class():
    assert list_confused(ANIMALS) == [(0, 1, 1, 4), (1, 0, 1, 2)]
    many = {"classes": "abc", "counts": [[0, 1, 2], [1, 2, 9], [2, 2, 5]]}
    assert list_confused(many) == [(1, 2, 9, 9), (0, 1, 2, 2)]


@pytest.mark.parametrize(("classes", "is_drawn"), [(30, True), (31, False)])
def test_too_many_classes_are_not_drawn(classes, is_drawn):
    labels = np.arange(classes)
    names = [f"class {label}" for label in labels]
    counted = count_confusions(names, labels, labels)
    assert bool(draw_confusion("many", counted)) == is_drawn
    assert list_confused(counted) == []


def test_a_class_without_images_leaves_an_empty_row():
    drawing = draw_confusion("x", {"classes": "ab", "counts": [[0, 0, 3]]})
    assert drawing.startswith("<svg") and "nan" not in drawing


def test_names_of_any_script_stay_text_and_have_room(recwarn):
    wide = "\u9ce5" * 12
    classes = {"classes": [wide, "bird"], "counts": [[0, 0, 3]]}
    drawing = draw_confusion("x", classes)
    assert f">{wide[:8]}\u2026<" in drawing
    assert not recwarn.list


def test_classes_are_measured_as_scikit_learn_does():
    rng = np.random.default_rng(0)
    truth, predicted = rng.integers(4, size=(2, 200))
    counts = count_confusions(["a", "b", "c", "d"], truth, predicted)
    expected = metrics.precision_recall_fscore_support(truth, predicted)
    found = {
        name: (images, shares)
        for name, images, shares in measure_classes(counts)
    }
    for index, name in enumerate("abcd"):
        images, shares = found[name]
        assert images == expected[3][index]
        assert shares == pytest.approx([part[index] for part in expected[:3]])


def test_a_class_that_is_never_met_has_no_share():
    confusion = {"classes": ["a", "b", "c"], "counts": [[0, 0, 3], [1, 0, 1]]}
    rows = measure_classes(confusion)
    assert rows[0] == ("b", 1, (None, 0.0, 0.0))
    assert ("c", 0, (None, None, None)) in rows
