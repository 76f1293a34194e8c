"""The heat map shows p of the source's operation, whatever the network."""

import numpy as np
import pytest
from markupsafe import escape
from matplotlib.backends.backend_agg import FigureCanvasAgg

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.report import heat_map
from ntaa_tf.report.heat_map import draw_probabilities


@pytest.fixture
def figures(monkeypatch):
    """What was drawn, in order."""
    drawn = []
    monkeypatch.setattr(
        heat_map, "to_svg", lambda figure, _: drawn.append(figure) or "<svg/>"
    )
    return drawn


def make_search(sites, epochs=5):
    names = [f"block{index}_project_conv" for index in range(sites)]
    became = ["source", "globalization"]
    choices = {n: SiteChoice(became[i % 2]) for i, n in enumerate(names)}
    course = np.linspace(0.5, 0.1, epochs).tolist()
    recorded = {name: {"source": course, "noise": course} for name in names}
    return recorded, Architecture(choices)


def texts_of(figure):
    return [text for axes in figure.axes for text in axes.texts]


def test_rows_are_sites_and_columns_epochs(figures):
    recorded, architecture = make_search(2, epochs=3)
    assert draw_probabilities(recorded, architecture) == ["<svg/>"]
    (image,) = figures[0].axes[0].images
    np.testing.assert_allclose(image.get_array(), [[0.5, 0.3, 0.1]] * 2)
    assert image.get_clim() == (0.1, 0.5)
    texts = [text.get_text() for text in texts_of(figures[0])]
    assert texts[:4] == [
        "block0_project_conv",
        "kept",
        "block1_project_conv",
        "globalization",
    ]
    assert texts[4:] == ["p  0.10", "0.50"]


@pytest.mark.parametrize(
    ("course", "limits"),
    [
        ([0.434, 0.426], (0.4, 0.5)),
        ([0.01, 0.93], (0.0, 0.95)),
        ([1.0, 1.0], (0.9, 1.0)),
        ([0.0], (0.0, 0.1)),
    ],
)
def test_colours_span_what_was_probable(course, limits, figures):
    recorded = {"conv": {"source": course}}
    draw_probabilities(recorded, Architecture({"conv": SiteChoice("source")}))
    assert figures[0].axes[0].images[0].get_clim() == limits


def test_of_cells_it_is_what_was_kept(figures):
    recorded = {
        "normal_node0_from0": {"none": [0.5, 0.2], "max_pool": [0.5, 0.8]},
        "normal_node0_from1": {"none": [0.5, 0.9], "max_pool": [0.5, 0.1]},
    }
    kept = {"normal_node0_from0": SiteChoice("max_pool")}
    draw_probabilities(recorded, Architecture(kept))
    (image,) = figures[0].axes[0].images
    np.testing.assert_allclose(image.get_array(), [[0.5, 0.8]])


@pytest.mark.parametrize(("sites", "panels"), [(1, 1), (36, 1), (100, 3)])
def test_many_sites_stand_in_several_panels(sites, panels, figures):
    draw_probabilities(*make_search(sites))
    heights = [len(figure.axes[0].images[0].get_array()) for figure in figures]
    assert len(heights) == panels and sum(heights) == sites
    assert max(heights) - min(heights) <= panels


@pytest.mark.parametrize("epochs", [1, 40])
def test_nothing_overlaps_and_nothing_leaves_the_panel(epochs, figures):
    draw_probabilities(*make_search(36, epochs))
    renderer = FigureCanvasAgg(figures[0]).get_renderer()
    figures[0].draw(renderer)
    boxes = np.array(
        [
            text.get_window_extent(renderer).extents
            for text in texts_of(figures[0])
        ]
    )
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    assert low.min() > 0
    assert (high <= figures[0].get_size_inches() * figures[0].dpi).all()
    apart = (high <= low.swapaxes(0, 1)) | (low >= high.swapaxes(0, 1))
    assert not np.triu(~apart.any(axis=-1), k=1).any()


def test_what_was_not_recorded_is_not_drawn(figures):
    recorded, architecture = make_search(3)
    assert draw_probabilities({}, architecture) == []
    del recorded["block1_project_conv"]
    draw_probabilities(recorded, architecture)
    assert len(figures[0].axes[0].images[0].get_array()) == 2


def test_a_panel_is_svg_with_its_pixels_in_it():
    (svg,) = draw_probabilities(*make_search(2))
    assert f'aria-label="{escape(heat_map.LABEL)}"' in svg
    assert "data:image/png;base64," in svg and "http:" not in svg.replace(
        "http://www.w3.org/", ""
    )
