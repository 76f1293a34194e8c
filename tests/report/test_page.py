"""The page of a run is one well-formed file that holds the numbers."""

import functools
import html.parser
import re
from dataclasses import replace

import pytest

from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.report import Records
from ntaa_tf.report import heat_map
from ntaa_tf.report import trade_off
from ntaa_tf.report import write_report
from ntaa_tf.report.page import ARCHITECTURE_LABEL
from ntaa_tf.storage.metric_records import HandOverChoice
from ntaa_tf.storage.metric_records import ModelMetrics
from ntaa_tf.storage.metric_records import PairedDifference
from ntaa_tf.storage.run_metrics import RunMetrics

MODEL = {
    "depth": 20,
    "parameters": 272_474,
    "macs": 41_200_000,
    "activations": 188_426,
    "latency_ms": {"1": 3.14, "32": 45.2},
}
METRICS = RunMetrics.from_json(
    {
        "dataset": "clothing10",
        "model": "resnet20",
        "method": "ntaa",
        "score": "accuracy",
        "data": {
            "train_images": 3068,
            "validation_images": 341,
            "test_images": 372,
            "largest_class": 0.15,
        },
        "source": MODEL,
        "baseline": MODEL | {"test_accuracy": 0.8312},
        "adapted": MODEL
        | {
            "depth": 17,
            "macs": 30_100_000,
            "test_accuracy": 0.8472,
            "test_error": 15.28,
            "validation_accuracy": 0.861,
        },
        "gap": {"supernet": 0.8123, "argmax": 0.7987},
        "collapse_difference": 1.4e-6,
        "budget": {
            "macs": {"source": 412, "limit": 333, "derived": 311},
            "depth": {"source": 20, "limit": 18, "derived": 17, "measured": 16},
        },
        "export_difference": 3e-6,
        "exports": {
            "keras": {"file": "adapted.keras", "bytes": 3 * 2**20},
            "onnx": {
                "file": "adapted.onnx",
                "bytes": 0,
                "failure": "can't be written",
                "difference": 0.25,
            },
        },
        "seconds": {"search": 4012.25, "finetune": 301.5},
        "peak_memory_mib": 882,
        "seed": 4711,
        "versions": {"keras": "3.15.1"},
    }
)
DIFFERENCE = PairedDifference(0.01, -0.01, 0.03, 0.01, 0.4, 341)
OPTIONAL = ("baseline", "gap", "collapse_difference", "export_difference")
HISTORY = {"search_loss": [2.0, 1.0], "search_val_accuracy": [0.1, 0.2]}
RECIPE = {"model": "resnet20", "smoke": False, "image_size": None}
ARCHITECTURE = Architecture(
    {"conv_1": SiteChoice("max_pool", 2), "conv_2": SiteChoice("source")}
)
PROBABILITIES = {"conv_1": {"source": [0.5, 0.1], "max_pool": [0.5, 0.9]}}
COUNTS = [[0, 0, 7], [0, 1, 2], [1, 1, 5]]
CONFUSIONS = {"kind": {"classes": ["coat", "shirt"], "counts": COUNTS}}
VOID = {"meta", "link", "br", "img", "hr", "input"}


class Page(html.parser.HTMLParser):
    """What a browser reads; every element has to be closed in order."""

    def __init__(self, text):
        super().__init__()
        self.text = text
        self.open, self.tags, self.attributes = [], [], []
        self.texts = []
        self.feed(text)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.handle_startendtag(tag, attributes)
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)
        self.attributes.extend(attributes)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open and self.open[-1] not in ("style", "script"):
            self.texts.append(" ".join(data.split()))

    @property
    def words(self):
        return [text for text in self.texts if text]


def write_page(
    directory,
    title="A run",
    recipe=RECIPE,
    metrics=METRICS,
    history=HISTORY,
    architecture=ARCHITECTURE,
    probabilities=PROBABILITIES,
    confusions=CONFUSIONS,
    mistakes=(),
):
    """Write a page into an empty directory, and read it."""
    path = directory / "report.html"
    records = Records(
        history,
        architecture,
        {"conv_1": "conv3x3 /2"},
        probabilities,
        confusions,
        command=f"python -m ntaa_tf.adapt --dataset={title}",
        mistakes=mistakes,
    )
    write_report(path, title, recipe, metrics, records)
    assert [file.name for file in directory.iterdir()] == ["report.html"]
    return Page(path.read_text("utf-8"))


@pytest.fixture
def make_page(tmp_path):
    """Write a page with some values of its own."""
    return functools.partial(write_page, tmp_path)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """The page of a whole run."""
    return write_page(tmp_path_factory.mktemp("page"))


def test_the_headline_says_what_came_of_it_in_one_sentence(page):
    assert (
        "NTAA: 84.7 % test accuracy (95 %: 80.7 to 88.0) on 372 test images."
    ) in page.words


@pytest.mark.parametrize(
    "text",
    [
        "A run",
        "plain finetuning",
        "272 k",
        "45.2 ms",
        "81.2 %",  # the supernet
        "79.9 %",  # its argmax model
        "86.1 %",  # the adapted model on validation data
        "1.4e-06",
        "3.0e-06",
        "4,012.2 s",
        "4,313.8 s",  # all stages
        "4711",
        "3.15.1",
        "image_size",
        "None",
        "conv_1",
        "conv3x3 /2",
        "max_pool",
        "python -m ntaa_tf.adapt --dataset=A run",
        "3.00 MiB",
        "onnx (failed)",
        "onnx can't be written",
        "2.5e-01",
        "2 of 9",  # coats predicted as shirts
        "333",  # the limit of a budget
        "16",  # and what the model has
    ],
)
def test_the_page_holds_what_was_measured(text, page):
    assert text in page.words


def test_the_page_shows_curves_and_architecture(page):
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert labels == [
        trade_off.LABEL,
        "Training loss",
        "Validation accuracy",
        heat_map.LABEL,
        "Confusion matrix: kind",
        ARCHITECTURE_LABEL,
    ]


def test_a_search_that_recorded_nothing_has_no_heat_map(page, make_page):
    assert "Search" in page.words
    assert "Search" not in make_page(probabilities={}).words


def test_many_classes_have_a_list_but_no_matrix(make_page):
    names = [f"class {number}" for number in range(200)]
    counts = [[3, 3, 5], [3, 199, 4]]
    page = make_page(confusions={"x": {"classes": names, "counts": counts}})
    assert {"class 3", "class 199", "4 of 9"} <= set(page.words)
    labels = [value for name, value in page.attributes if name == "aria-label"]
    assert not any("Confusion" in label for label in labels)
    assert "Confusion matrix" not in make_page(confusions={}).words


MISTAKE = {
    "label": "kind",
    "truth": "coat",
    "answer": "shirt",
    "probability": 0.987,
    "picture": "aaaa",
}


def test_mistakes_are_shown_with_truth_answer_and_probability(make_page):
    page = make_page(mistakes=[MISTAKE])
    assert {"truth: coat", "answer: shirt, 98.7 %"} <= set(page.words)
    assert ("src", "data:image/png;base64,aaaa") in page.attributes
    assert page.words[page.words.index("truth: coat") - 1].endswith("first.")
    two = make_page(mistakes=[MISTAKE, MISTAKE | {"label": "colour"}])
    assert "colour" in two.words


def test_without_mistakes_nothing_is_shown(page):
    assert "Most confident mistakes" not in page.words


def test_without_sites_there_is_no_architecture(page, make_page):
    assert "Architecture" in page.words
    other = make_page(architecture=Architecture({}))
    assert "Architecture" not in other.words
    assert ("aria-label", ARCHITECTURE_LABEL) not in other.attributes


def test_the_page_needs_no_network(page):
    assert not {"script", "link", "iframe", "img"} & set(page.tags)
    references = [
        value
        for name, value in page.attributes
        if name in ("src", "href", "xlink:href")
    ]
    allowed = ("#", "data:image/png;base64,")
    assert references
    assert all(value.startswith(allowed) for value in references)
    assert set(re.findall(r"url\((.)", page.text)) <= {"#"}
    assert "@import" not in page.text


HOSTILE = "</title><script>alert(1)</script>&amp;\"'$x"


def test_hostile_names_stay_text(make_page):
    everywhere = replace(
        METRICS,
        dataset=HOSTILE,
        model=HOSTILE,
        method=HOSTILE,
        seed=HOSTILE,
        seconds={HOSTILE: 1.0},
        versions={HOSTILE: HOSTILE},
        exports={
            HOSTILE: replace(
                METRICS.exports["onnx"], file=HOSTILE, failure=HOSTILE
            )
        },
        budget={HOSTILE: METRICS.budget["macs"]},
    )
    page = make_page(
        title=HOSTILE,
        recipe={HOSTILE: HOSTILE},
        metrics=everywhere,
        history={HOSTILE: [1.0, 2.0]},
        architecture=Architecture({HOSTILE: SiteChoice(HOSTILE)}),
        confusions={HOSTILE: {"classes": [HOSTILE] * 2, "counts": COUNTS}},
        mistakes=[MISTAKE | {"truth": HOSTILE, "answer": HOSTILE}],
    )
    assert "script" not in page.tags
    assert page.words.count(HOSTILE) == 22
    assert ("aria-label", HOSTILE) in page.attributes


@pytest.mark.parametrize("missing", OPTIONAL)
def test_an_optional_entry_may_be_missing(missing, make_page):
    page = make_page(metrics=replace(METRICS, **{missing: None}))
    assert "Result" in page.words


def test_the_kept_epoch_is_told_where_one_was_chosen(page, make_page):
    adapted = replace(METRICS.adapted, kept_epoch=3)
    chosen = make_page(metrics=replace(METRICS, adapted=adapted))
    assert "3 (NTAA)" in chosen.words
    assert "Epoch of finetuning that was kept" not in page.words


def test_a_run_that_recorded_nothing_has_a_page(make_page):
    metrics = replace(
        METRICS,
        adapted=ModelMetrics(METRICS.source.costs),
        budget={},
        **dict.fromkeys(OPTIONAL),
    )
    page = make_page(recipe={}, metrics=metrics, history={})
    assert not {"Checks", "Budget", "Training"} & set(page.words)
    assert "NTAA: - test accuracy." in page.words


def test_the_row_of_the_network_that_is_handed_over_is_marked(make_page):
    choice = HandOverChoice("baseline", "", True, DIFFERENCE, 0.1)
    compared = {"searched": METRICS.adapted, "adapted": METRICS.baseline}
    page = make_page(metrics=replace(METRICS, hand_over=choice, **compared))
    assert "plain finetuning (handed over)" in page.words
    (marked,) = re.findall(r'class="marked">\s*<th[^>]*>([^<]*)', page.text)
    assert marked == "plain finetuning (handed over)"
