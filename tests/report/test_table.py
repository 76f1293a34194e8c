"""The result table says what was measured, in human numbers."""

from dataclasses import replace

import pytest
from measured import make_metrics

from ntaa_tf.report import format_table
from ntaa_tf.report import table
from ntaa_tf.report.table import align_table
from ntaa_tf.report.table import find_adapted
from ntaa_tf.report.table import format_count
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import list_rows
from ntaa_tf.storage.metric_records import HandOverChoice

SOURCE = {
    "depth": 50,
    "parameters": 23_587_712,
    "macs": 3_857_973_248,
    "activations": 10_600_000,
    "latency_ms": {"1": 41.26, "32": 1034.51},
}
BASELINE = SOURCE | {"test_accuracy": 0.9512, "test_error": 4.88}
ADAPTED = {
    "depth": 9,
    "parameters": 999_600,
    "macs": 870,
    "activations": 64,
    "latency_ms": {"1": 0.44, "32": 7.0},
    "test_accuracy": 1.0,
}

WITH_BASELINE = """\
                  test accuracy  depth  parameters    MACs  batch 1    batch 32
source                        -     50      23.6 M  3.86 G  41.3 ms  1,034.5 ms
plain finetuning         95.1 %     50      23.6 M  3.86 G  41.3 ms  1,034.5 ms
NTAA                    100.0 %      9         1 M     870   0.4 ms      7.0 ms\
"""


def test_table_of_a_run_with_plain_finetuning():
    models = {"source": SOURCE, "adapted": ADAPTED, "baseline": BASELINE}
    metrics = make_metrics(**models)
    assert format_table(metrics) == WITH_BASELINE


def test_a_network_with_a_teacher_is_told_from_plain_finetuning():
    taught = make_metrics("finetune", adapted=ADAPTED, baseline=BASELINE)
    taught = replace(taught, teacher="baseline")
    labels = [row[0] for row in list_rows(taught)]
    assert labels[1:] == [
        "plain finetuning",
        "plain finetuning, with a teacher",
    ]


def test_what_was_searched_has_a_row_before_it_was_finetuned():
    metrics = make_metrics(collapsed={"test_accuracy": 0.5}, adapted=ADAPTED)
    labels = [line.split("  ")[0] for line in format_table(metrics).split("\n")]
    assert labels[1:] == ["source", "searched, not finetuned", "NTAA"]


def test_table_leaves_out_what_was_not_run_and_dashes_what_is_missing():
    costs = ("20", "271 k", "40.6 M", "1.5 ms", "9.0 ms")
    assert list_rows(make_metrics(collapsed={})) == [
        ("source", "-", *costs),
        ("searched, not finetuned", "-", *("-" for _ in costs)),
        ("NTAA", "-", *costs),
    ]


@pytest.mark.parametrize("width", [20, 70, 100])
def test_a_narrow_terminal_folds_titles_between_words_only(width, monkeypatch):
    titles = ["", "test accuracy", "age, a class off", "parameters", "batch 32"]
    rows = [
        ["searched, not finetuned", "99.9 %", "88.8 %", "-", "1,034.5 ms"],
        ["NTAA", "7.7 %", "100.0 %", "23.6 M", "1.0 ms"],
    ]
    monkeypatch.setattr(table, "_find_width", lambda: width)
    *header, searched, adapted = align_table(titles, rows).splitlines()
    assert [line.split("  ")[0] for line in (searched, adapted)] == [
        row[0] for row in rows
    ]
    assert [searched.split()[3:], adapted.split()[1:]] == [
        " ".join(row[1:]).split() for row in rows
    ]
    words = " ".join(titles).split()
    assert sorted(" ".join(header).split()) == sorted(words)
    assert (len(header) == 1) == (width == 100)
    assert len({len(line) for line in (searched, adapted)}) == 1


def test_a_pipe_has_no_width(capsys):
    lines = align_table(["", "x" * 300], [["source", "1"]]).splitlines()
    assert lines == [" " * 8 + "x" * 300, "source" + " " * 301 + "1"]


def test_names_are_no_markup_and_wide_letters_count_twice():
    rows = [["\u9ce5", "1"], ["ab", "2"]]
    assert align_table(["", "[red] :smile:"], rows).splitlines() == [
        "    [red] :smile:",
        "\u9ce5              1",
        "ab              2",
    ]


@pytest.mark.parametrize(
    ("method", "label"),
    [("ntaa", "NTAA"), ("finetune", "plain finetuning"), ("spos", "spos")],
)
def test_the_adapted_model_is_named_after_its_method(method, label):
    metrics = make_metrics(method, adapted=ADAPTED)
    assert [row[0] for row in list_rows(metrics)] == ["source", label]


@pytest.mark.parametrize("chosen", ["baseline", "searched"])
def test_the_network_that_is_handed_over_is_named(chosen):
    choice = HandOverChoice(chosen, "", True, None, 0.1)
    models = {"baseline": BASELINE, "searched": ADAPTED}
    metrics = replace(make_metrics(**models), hand_over=choice)
    labels = [row[0] for row in list_rows(metrics)]
    row = find_adapted(metrics)
    assert labels[row].endswith(" (handed over)")
    assert [label.removesuffix(" (handed over)") for label in labels] == [
        *("source", "plain finetuning", "NTAA")
    ]


@pytest.mark.parametrize(
    ("count", "expected"),
    [
        (0, "0"),
        (999, "999"),
        (1000, "1 k"),
        (9_994, "9.99 k"),
        (999_499, "999 k"),
        (999_500, "1 M"),  # never "1e+03 k"
        (41_234_567, "41.2 M"),
        (123_456_789_012, "123 G"),
        (2_000_000_000_000, "2 T"),
        (None, "-"),
    ],
)
def test_counts_keep_three_digits(count, expected):
    assert format_count(count) == expected


def test_shares_are_in_percent():
    assert format_share(0.08125) == "8.1 %"
    assert format_share(0.0) == "0.0 %"
    assert format_share(None) == "-"


def test_every_attribute_has_columns_of_its_own():
    scores = {
        "test_accuracy": 0.5,
        "test_age_accuracy": 0.4,
        "test_age_one_off": 0.8,
        "test_gender_accuracy": 0.6,
        "test_error": 50.0,
        "validation_accuracy": 0.7,
    }
    metrics = make_metrics(adapted=SOURCE | scores)
    header, source, adapted = format_table(metrics).splitlines()
    titles = ["test accuracy", "age", "age, a class off", "gender", "depth"]
    assert [t.strip() for t in header.split("  ") if t.strip()][:5] == titles
    assert adapted.split()[1::2][:4] == ["50.0", "40.0", "80.0", "60.0"]
    assert source.split()[1:5] == ["-"] * 4
