"""The picture of an architecture stays whole from 1 to 190 sites."""

import itertools
import struct
import zlib

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.colors import to_hex
from matplotlib.patches import FancyBboxPatch

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.layers.search_space import CANDIDATES
from ntaa_tf.report import draw_architecture
from ntaa_tf.report import ink
from ntaa_tf.report.architecture_drawing import DOTS_PER_INCH
from ntaa_tf.report.architecture_drawing import make_figure
from ntaa_tf.report.ink import REMOVING

SIZES = (1, 2, 12, 48, 190)


def make_architecture(sites):
    choices = itertools.cycle(
        [SiteChoice(name) for name in ("source", *CANDIDATES)]
        + [SiteChoice("identity", 2), SiteChoice("source", 1)]
    )
    names = [f"block{index}_project_conv" for index in range(sites)]
    return Architecture(dict(zip(names, choices, strict=False)))


def read_png(path):
    """Read the size of a PNG, and its pixels' bytes."""
    data = path.read_bytes()
    assert data.startswith(b"\x89PNG\r\n\x1a\n")
    size, position, pixels = struct.unpack(">II", data[16:24]), 8, b""
    while position < len(data):
        length, kind = struct.unpack(">I4s", data[position : position + 8])
        if kind == b"IDAT":
            pixels += data[position + 8 : position + 8 + length]
        position += length + 12
    return size, zlib.decompress(pixels)


def texts_of(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def pills_of(figure):
    patches = figure.axes[0].patches
    return [patch for patch in patches if isinstance(patch, FancyBboxPatch)]


@pytest.mark.parametrize("sites", [1, 12])
def test_the_png_has_the_size_of_the_figure_and_is_not_blank(sites, tmp_path):
    architecture, path = make_architecture(sites), tmp_path / "a.png"
    draw_architecture(architecture, path)
    (width, height), pixels = read_png(path)
    inches = make_figure(architecture).get_size_inches()
    assert (width, height) == tuple(int(i * DOTS_PER_INCH) for i in inches)
    assert len(set(pixels)) > 10
    assert sorted(tmp_path.iterdir()) == [path, path.with_suffix(".svg")]
    assert path.with_suffix(".svg").read_text("utf-8").count("<svg") == 1


@pytest.mark.parametrize("sites", SIZES)
def test_nothing_overlaps_and_nothing_leaves_the_picture(sites):
    figure = make_figure(make_architecture(sites))
    width, height = figure.get_size_inches()
    assert 0.6 < width / height < 4 if sites >= 12 else width < 7
    renderer = FigureCanvasAgg(figure).get_renderer()
    extents = [
        text.get_window_extent(renderer).extents
        for text in figure.axes[0].texts
    ]
    boxes = np.array(extents)
    low, high = boxes[:, None, :2], boxes[:, None, 2:]
    margin = 0.1 * figure.dpi
    assert low.min() > margin
    assert (high < figure.get_size_inches() * figure.dpi - margin).all()
    apart = (high <= low.swapaxes(0, 1)) | (low >= high.swapaxes(0, 1))
    overlapping = np.triu(~apart.any(axis=-1), k=1)
    assert not overlapping.any()
    assert len(pills_of(figure)) == 2 * sites


def test_every_site_shows_its_name_what_it_was_and_what_it_became():
    architecture = Architecture(
        {
            "stem": SiteChoice("source"),
            "middle": SiteChoice("max_pool"),
            "last": SiteChoice("source", 2),
        }
    )
    was = {"stem": "conv7x7 /2", "middle": "conv3x3", "last": "conv1x1"}
    texts = texts_of(make_figure(architecture, was))
    assert "Sites that changed: 2 of 3" in texts
    assert {"Source", "Adapted", "↑2", *was} <= set(texts)
    # What is kept is called in the adapted network as in the source.
    assert texts.count("conv7x7 /2") == texts.count("conv1x1") == 2
    assert texts.count("conv3x3") == texts.count("max_pool") == 1
    assert {"kept · 2", "max_pool · 1"} <= set(texts)
    assert any(text.startswith("↑n") for text in texts)


@pytest.mark.parametrize("candidate", REMOVING)
def test_a_removed_layer_is_struck_out_left_and_a_gap_right(candidate):
    sites = {"a": SiteChoice("source"), "b": SiteChoice(candidate)}
    figure = make_figure(Architecture(sites), {"b": "conv3x3"})
    *_, was, gap = pills_of(figure)
    assert was.get_fill() and not gap.get_fill()
    strike = figure.axes[0].collections[-1].get_segments()[0]
    ends, middles = np.array(strike).T
    box = was.get_bbox()
    assert box.x0 < ends.min() < ends.max() < box.x1
    assert middles == pytest.approx((box.y0 + box.y1) / 2)
    assert {candidate, f"removed: {candidate} · 1"} <= set(texts_of(figure))


def test_marks_are_explained_only_where_there_are_any():
    figure = make_figure(Architecture({"conv": SiteChoice("conv1x1")}))
    assert not any("↑" in text for text in texts_of(figure))


def test_only_what_is_kept_is_grey_and_faint():
    names = [name for name in CANDIDATES if name not in REMOVING]
    names = ["source", *names, "of_a_later_version"]
    sites = {name: SiteChoice(name) for name in names}
    pills = pills_of(make_figure(Architecture(sites)))
    kept, *others = pills[1::2]
    colours = [to_hex(pill.get_facecolor()) for pill in others]
    assert kept.get_alpha() < 0.5
    assert all(pill.get_alpha() < 0.5 for pill in pills[::2])
    assert all(pill.get_alpha() == 1 for pill in others)
    assert len(set(colours)) == len(others)
    assert ink.SOURCE not in colours


def test_a_name_that_looks_like_mathematics_is_drawn_as_it_is(tmp_path):
    name = r"conv_$\frac{$"
    architecture = Architecture({name: SiteChoice("source")})
    draw_architecture(architecture, tmp_path / "a.png")
    assert name in texts_of(make_figure(architecture))
