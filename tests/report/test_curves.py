"""Curves show what was recorded, search and finetuning on one axis."""

import re

import pytest

from ntaa_tf.report import curves
from ntaa_tf.report.curves import draw_curves

HISTORY = {
    "search_loss": [2.0, 1.5, 1.0],
    "search_accuracy": [0.2, 0.4, 0.5],
    "search_val_accuracy": [0.2, 0.3, 0.4],
    "search_val_argmax_accuracy": [0.1, 0.2, 0.4],
    "search_entropy": [2.0, 1.0, 0.5],
    "search_changed_share": [0.0, 0.2, 0.5],
    "search_weight_free_share": [0.0, 0.1, 0.1],
    "search_kept_share": [1.0, 0.8, 0.9],
    "search_learning_rate": [0.1, 0.09, 0.07],
    "search_architecture_learning_rate": [0.1, 0.1, 0.1],
    "finetune_loss": [0.9, 0.8],
    "finetune_accuracy": [0.6, 0.7],
    "finetune_val_loss": [1.1, 1.0],
    "finetune_val_accuracy": [0.5, 0.6],
    "finetune_learning_rate": [0.04, 0.01],
}
RETRIEVAL = {
    "search_val_map": [0.2, 0.3, 0.4],
    "search_val_argmax_map": [0.1, 0.2, 0.4],
    "search_classifier_accuracy": [0.1, 0.2, 0.4],
    "search_classifier_loss": [2.0, 1.5, 1.0],
    "search_embedding_loss": [2.0, 1.5, 1.0],
    "finetune_val_map": [0.5, 0.6],
}


@pytest.fixture
def figures(monkeypatch):
    """What was drawn, by title."""
    drawn = {}

    def keep(figure, title):
        drawn[title] = figure.axes[0]
        return title

    monkeypatch.setattr(curves, "to_svg", keep)
    return drawn


def points_of(axes):
    """The points of each curve; the mark of the finetuning is no curve."""
    return [
        [tuple(point) for point in line.get_xydata()]
        for line in axes.lines
        if line.get_marker() == "o"
    ]


def test_every_quantity_has_a_panel(figures):
    titles = [*curves.PANELS, "search architecture learning rate"]
    assert draw_curves(HISTORY | RETRIEVAL) == titles
    drawn = sum(len(points_of(axes)) for axes in figures.values())
    # Curves of finetuning go on from those of the search.
    assert drawn == 11 + 5


def test_what_was_not_recorded_has_no_panel(figures):
    titles = draw_curves(HISTORY)
    assert "Training accuracy" in titles
    assert not [t for t in titles if "mAP" in t or "identities" in t]


def test_finetuning_goes_on_after_the_search(figures):
    draw_curves(HISTORY)
    loss = figures["Training loss"]
    points = [(1, 2.0), (2, 1.5), (3, 1.0), (4, 0.9), (5, 0.8)]
    assert points_of(loss) == [points]
    assert [text.get_text().strip() for text in loss.texts] == ["finetuning"]
    assert not figures["Entropy of the softmax"].texts


def test_supernet_and_argmax_model_are_beside_each_other(figures):
    draw_curves(HISTORY)
    axes = figures["Validation accuracy"]
    supernet, argmax = points_of(axes)
    assert supernet == [(1, 0.2), (2, 0.3), (3, 0.4), (4, 0.5), (5, 0.6)]
    assert argmax == [(1, 0.1), (2, 0.2), (3, 0.4)]
    labels = [text.get_text() for text in axes.get_legend().get_texts()]
    assert labels == ["supernet, then adapted model", "argmax model"]


def test_what_only_finetuning_records_starts_where_the_search_ended(figures):
    draw_curves(HISTORY)
    assert points_of(figures["Validation loss"]) == [[(4, 1.1), (5, 1.0)]]


def test_finetuning_alone_starts_at_the_first_epoch(figures):
    draw_curves({"finetune_loss": [0.9, 0.8]})
    assert points_of(figures["Training loss"]) == [[(1, 0.9), (2, 0.8)]]
    assert not figures["Training loss"].texts


def test_an_unknown_quantity_has_a_panel_of_its_own(figures):
    assert draw_curves({"search_bits": [1], "x_$y": [3, 4], "empty": []}) == [
        "search bits",
        "x $y",
    ]
    assert points_of(figures["x $y"]) == [[(1, 3), (2, 4)]]


def test_finetuning_is_marked_where_it_follows_a_search(figures):
    others = {"supernet_loss": [4, 3, 2, 1], "finetune_age_accuracy": [0.5]}
    draw_curves(HISTORY | others)
    assert points_of(figures["finetune age accuracy"]) == [[(4, 0.5)]]
    for title in ("supernet loss", "finetune age accuracy"):
        assert not figures[title].texts


def test_one_curve_needs_no_legend(figures):
    draw_curves({"finetune_val_accuracy": [0.5]})
    assert not figures["Validation accuracy"].get_legend()


def test_nothing_recorded_draws_nothing():
    assert draw_curves({}) == []
    assert draw_curves({"search_loss": []}) == []


def test_panels_are_svg_in_the_pages_own_ink():
    (svg,) = draw_curves({'<"$': [1.0, float("nan"), 2.0]})
    assert svg.startswith('<svg role="img" aria-label="&lt;&#34;$"')
    assert svg.rstrip().endswith("</svg>")
    assert "currentColor" in svg
    assert not re.search("#1f2933|<!DOCTYPE|<image|<metadata", svg)
