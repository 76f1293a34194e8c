"""The page of a comparison tells what was found, by what commands."""

import html
import itertools
import re

import numpy as np
import pytest
from report import browser
from report.test_page import Page

from ntaa_tf.compare import comparison
from ntaa_tf.compare.contestants import list_contestants
from ntaa_tf.compare.findings import Findings
from ntaa_tf.compare.markdown import write_markdown
from ntaa_tf.compare.page import write_page
from ntaa_tf.compare.results import COLUMNS
from ntaa_tf.compare.results import ERROR
from ntaa_tf.compare.runs import list_runs

METHODS = ("finetune", "ntaa", "random", "scratch", "darts")
VARIANTS = [f"with_a_long_name_{number} --seed=0" for number in range(4)]
TARGETS = ("real", "sketch", "clipart")
ABOUT = "Methods <on> the same data."


def make_columns(rng):
    columns = dict.fromkeys(COLUMNS, 12.5)
    return columns | {
        ERROR: rng.uniform(10, 30),
        "MACs, M": rng.uniform(20, 80),
    }


@pytest.fixture(scope="module")
def directory(tmp_path_factory):
    """What a comparison of nine, over three targets, leaves."""
    path, rng = tmp_path_factory.mktemp("compared"), np.random.default_rng(0)
    contestants = list_contestants(METHODS, VARIANTS)
    runs = list_runs(contestants, 2, path, ["--dataset=<own>"])
    runs[0].path.mkdir(parents=True)
    (runs[0].path / "report.html").write_text("<title>A run</title>")
    by_target = {
        contestant.name: {
            seed: {target: make_columns(rng) for target in TARGETS}
            for seed in range(2)
        }
        for contestant in contestants
    }
    found = [
        Findings.over_targets(by_target, "finetune", title.split()[0], title)
        for title in ("Single best source", "All sources combined")
    ]
    write_page(
        path,
        found,
        runs,
        ABOUT,
        "ntaa compare --methods=" + ",".join(METHODS),
        {"keras": "3.15.1", "cores": 2},
    )
    return path


@pytest.fixture(scope="module")
def text(directory):
    return (directory / "comparison.html").read_text()


def test_the_page_is_well_formed_and_escaped(text):
    assert Page(text).open == []
    assert "Methods &lt;on&gt; the same data." in text
    assert "--dataset=&lt;own&gt;" in text


def test_it_has_all_tables_and_sentences_of_all_settings(text):
    for title in ("Single best source", "All sources combined"):
        assert f"<h2>{title}</h2>" in text
    for caption in (
        "Mean ± sample standard deviation",
        "Difference in test error from finetune, seed by seed",
        "Test errors by target, %",
    ):
        assert text.count(f"<h3>{caption}</h3>") == 2
    assert text.count("One-way analysis of variance") == 2
    for target in TARGETS:
        assert text.count(f'<th scope="col">{target}</th>') == 2


def test_it_has_every_command_and_a_link_where_there_is_a_page(text):
    commands = re.findall(r"<pre>(.*?)</pre>", text)
    assert len(commands) == 1 + 2 * (len(METHODS) + len(VARIANTS))
    assert html.unescape(commands[1]).startswith(
        "python -m ntaa_tf.adapt '--dataset=<own>' --method=finetune"
    )
    assert re.findall('<a href="(.*?)"', text) == ["finetune/seed0/report.html"]


def test_markdown_and_the_page_say_the_same(text):
    table = {
        name: {seed: make_columns(np.random.default_rng(seed)) for seed in of}
        for name, of in (("finetune", (0, 1)), ("ntaa", (2, 3)))
    }
    found = Findings(table, "finetune")
    written = write_markdown([found], "About it.")
    assert written.startswith("About it.\n\nMean ± sample standard deviation:")
    assert "## " not in written
    for sentence in found.sentences:
        assert f"- {sentence}" in written


needs_browser = pytest.mark.skipif(
    browser.PATH is None, reason="Chromium is not installed."
)


@needs_browser
def test_a_browser_shows_it_on_a_phone_and_in_the_dark(directory, tmp_path):
    with browser.open_browser(tmp_path) as page:
        for width, scheme in itertools.product((1280, 390), ("light", "dark")):
            page.ask(
                "Emulation.setDeviceMetricsOverride",
                width=width,
                height=844,
                deviceScaleFactor=1,
                mobile=width < 400,
            )
            page.ask(
                "Emulation.setEmulatedMedia",
                features=[{"name": "prefers-color-scheme", "value": scheme}],
            )
            page.open(directory / "comparison.html")
            wide = page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width
            drawn = page.evaluate(
                "document.querySelector('svg').getBoundingClientRect().height"
            )
            assert drawn > 100
            paper, ink = (
                page.evaluate(browser.LIGHTNESS.format(name))
                for name in ("backgroundColor", "color")
            )
            assert abs(paper - ink) > 0.6
            assert (paper < ink) == (scheme == "dark")
        outside = [url for url in page.requests if not url.startswith("data:")]
        assert set(outside) == {(directory / "comparison.html").as_uri()}
        assert page.complaints == []


def test_settings_are_told_apart_in_what_is_written():
    by_target = {
        name: {seed: {"real": make_columns(np.random.default_rng(seed))}}
        for seed, name in enumerate(("finetune", "ntaa"))
    }
    found = comparison.find_by_domain(
        {"single": by_target, "oracle": by_target}, "finetune", "validation"
    )
    report = comparison.make_report(found, "About it.")
    assert list(report.results) == ["single", "oracle"]
    assert "## Trained on the target" in report.text
    names = list(comparison.gather(found))
    assert names[::2] == ["finetune, single", "finetune, oracle"]
