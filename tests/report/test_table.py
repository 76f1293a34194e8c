"""The result table says what was measured, in human numbers."""

import pytest

from ntaa_tf.report import format_table
from ntaa_tf.report.table import format_count
from ntaa_tf.report.table import format_share
from ntaa_tf.report.table import list_rows

SOURCE = {
    "depth": 50,
    "parameters": 23_587_712,
    "macs": 3_857_973_248,
    "latency_ms": {"1": 41.26, "32": 1034.51},
}
BASELINE = SOURCE | {"test_accuracy": 0.9512, "test_error": 4.88}
ADAPTED = {
    "depth": 9,
    "parameters": 999_600,
    "macs": 870,
    "latency_ms": {"1": 0.44, "32": 7.0},
    "test_accuracy": 1.0,
}

WITH_BASELINE = """\
                  test accuracy  depth  parameters    MACs  batch 1    batch 32
source                        -     50      23.6 M  3.86 G  41.3 ms  1,034.5 ms
plain finetuning         95.1 %     50      23.6 M  3.86 G  41.3 ms  1,034.5 ms
NTAA                    100.0 %      9         1 M     870   0.4 ms      7.0 ms\
"""
WITHOUT_MEASUREMENTS = """\
        test accuracy  depth  parameters  MACs  batch 1  batch 32
source              -      -           -     -        -         -
NTAA                -      3           -     -        -         -\
"""


def test_table_of_a_run_with_plain_finetuning():
    metrics = {"adapted": ADAPTED, "baseline": BASELINE, "source": SOURCE}
    assert format_table(metrics) == WITH_BASELINE


def test_what_was_searched_has_a_row_before_it_was_finetuned():
    metrics = {"searched": {"test_accuracy": 0.5}, "adapted": ADAPTED}
    labels = [line.split("  ")[0] for line in format_table(metrics).split("\n")]
    assert labels[1:] == ["searched, not finetuned", "NTAA"]


def test_table_leaves_out_what_was_not_run_and_dashes_what_is_missing():
    metrics = {"source": {}, "adapted": {"depth": 3}, "unknown": {"depth": 7}}
    assert format_table(metrics) == WITHOUT_MEASUREMENTS


@pytest.mark.parametrize(
    ("method", "label"),
    [("ntaa", "NTAA"), ("finetune", "plain finetuning"), ("spos", "spos")],
)
def test_the_adapted_model_is_named_after_its_method(method, label):
    metrics = {"method": method, "source": SOURCE, "adapted": ADAPTED}
    assert [row[0] for row in list_rows(metrics)] == ["source", label]


def test_what_the_guard_kept_is_not_named_after_the_method():
    metrics = {"guard": {"kept": "baseline"}, "adapted": ADAPTED}
    assert [row[0] for row in list_rows(metrics)] == ["kept: plain finetuning"]


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
    metrics = {
        "source": SOURCE,
        "adapted": {
            "test_accuracy": 0.5,
            "test_age_accuracy": 0.4,
            "test_age_one_off": 0.8,
            "test_gender_accuracy": 0.6,
            "test_error": 50.0,
            "validation_accuracy": 0.7,
        },
    }
    header, source, adapted = format_table(metrics).splitlines()
    titles = ["test accuracy", "age", "age, a class off", "gender", "depth"]
    assert [t.strip() for t in header.split("  ") if t.strip()][:5] == titles
    assert adapted.split()[1::2][:4] == ["50.0", "40.0", "80.0", "60.0"]
    assert source.split()[1:5] == ["-"] * 4
