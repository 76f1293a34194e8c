"""A browser shows the page without complaint, on a phone and in the dark."""

import itertools

import numpy as np
import pytest
from report import browser
from report.test_page import HISTORY
from report.test_page import METRICS
from report.test_page import RECIPE

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.metrics import count_confusions
from ntaa_tf.report import Records
from ntaa_tf.report import draw_architecture
from ntaa_tf.report import encode_thumbnail
from ntaa_tf.report import write_report

pytestmark = pytest.mark.skipif(
    browser.PATH is None, reason="Chromium is not installed."
)

PHONE = 390  # Pixels.
CANDIDATES = ("source", "conv5x5", "identity", "max_pool")


def make_records():
    """Records of a network of 100 sites and of 30 classes."""
    names = [f"conv{index}_block{index}_project_conv" for index in range(100)]
    choices = zip(names, itertools.cycle(CANDIDATES), strict=False)
    labels = np.arange(600)
    return Records(
        history=HISTORY,
        architecture=Architecture(
            {name: SiteChoice(candidate) for name, candidate in choices}
        ),
        operations=dict.fromkeys(names, "depthwise3x3 /2"),
        probabilities={name: {"source": [0.5, 0.4, 0.1]} for name in names},
        confusions={
            "kind": count_confusions(
                [f"a long name of a class {label}" for label in range(30)],
                labels % 30,
                labels % 29,
            )
        },
        command="python -m ntaa_tf.adapt --model=" + 20 * "a_long_name_",
        mistakes=[
            {
                "label": "kind",
                "truth": "a_long_name_of_a_class_without_any_space",
                "answer": "cat",
                "probability": 0.99,
                "picture": encode_thumbnail(np.zeros((256, 128, 3), "uint8")),
            }
        ]
        * 24,
    )


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """What a run shows."""
    path, records = tmp_path_factory.mktemp("run"), make_records()
    write_report(path / "report.html", "A run", RECIPE, METRICS, records)
    draw_architecture(records.architecture, path / "architecture.png")
    return path


@pytest.fixture(scope="module")
def opened(tmp_path_factory):
    """A browser."""
    with browser.open_browser(tmp_path_factory.mktemp("profile")) as page:
        yield page


@pytest.fixture
def page(opened, directory):
    """The browser, and the page in it."""
    opened.requests.clear()
    opened.complaints.clear()
    opened.open(directory / "report.html")
    yield opened
    opened.ask("Emulation.clearDeviceMetricsOverride")


def test_nothing_leaves_the_page_and_nothing_is_complained_about(
    page, directory
):
    outside = [url for url in page.requests if not url.startswith("data:")]
    assert outside == [(directory / "report.html").as_uri()]
    assert page.complaints == []


def test_every_picture_is_drawn(page):
    sizes = page.evaluate(
        "[...document.querySelectorAll('svg')]"
        ".map(svg => svg.getBoundingClientRect())"
        ".map(({width, height}) => [width, height])"
    )
    # Trade-off, two curves, three heat maps, a matrix, the architecture.
    assert len(sizes) == 8
    assert np.min(sizes) > 100


def test_a_phone_shows_it_without_scrolling_sideways(page):
    page.ask(
        "Emulation.setDeviceMetricsOverride",
        width=PHONE,
        height=844,
        deviceScaleFactor=1,
        mobile=True,
    )
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= PHONE


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_reads_in_the_light_and_in_the_dark(scheme, page):
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    page.ask("Emulation.setEmulatedMedia", features=features)
    paper, ink = (
        page.evaluate(browser.LIGHTNESS.format(name))
        for name in ("backgroundColor", "color")
    )
    assert abs(paper - ink) > 0.6
    assert (paper < ink) == (scheme == "dark")


def test_the_picture_beside_the_page_is_shown(opened, directory):
    opened.complaints.clear()
    opened.open(directory / "architecture.svg")
    assert opened.evaluate("document.documentElement.tagName") == "svg"
    assert opened.complaints == []


def test_a_page_that_is_wrong_is_found_out(opened, tmp_path):
    path = tmp_path / "wrong.html"
    path.write_text(
        '<img src="http://127.0.0.1:9/a.png"><script>throw 1</script>'
    )
    opened.requests.clear()
    opened.complaints.clear()
    opened.open(path)
    assert "http://127.0.0.1:9/a.png" in opened.requests
    assert opened.complaints
