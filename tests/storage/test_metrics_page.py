"""The page of metrics.json names every key, and no other."""

import dataclasses
import inspect
import re
from pathlib import Path

import pytest

from ntaa_tf.storage import metric_records
from ntaa_tf.storage.metric_records import SCORES
from ntaa_tf.storage.run_metrics import VERSION
from ntaa_tf.storage.run_metrics import RunMetrics

PAGE = Path(__file__).parents[2] / "docs/metrics.md"
RECORDS = {
    "The whole file": RunMetrics,
    "Model": metric_records.ModelMetrics,
    "Verdict": metric_records.Verdict,
    "Data": metric_records.DataFacts,
    "Difference": metric_records.PairedDifference,
    "Hand-over": metric_records.HandOverChoice,
    "Gap": metric_records.SearchGap,
    "Judgement": metric_records.Judgement,
    "Limited cost": metric_records.BudgetCost,
    "Tuning": metric_records.TuneChoice,
    "Export": metric_records.ExportMetrics,
}
# Records whose keys stand beside those of the record that has them.
INNER = {
    "costs": metric_records.ModelCosts,
    "conditions": metric_records.RankingConditions,
}
HEADER = "| key | meaning | unit | present |"


def list_keys(record):
    """List the keys of a record, as the file has them."""
    keys = ["version"] if record is RunMetrics else []
    for field in dataclasses.fields(record):
        if field.name in INNER:
            keys += list_keys(INNER[field.name])
        elif field.name in SCORES:
            keys.append(f"{field.name}_SCORE")
        else:
            keys.append(field.name)
    return keys


def list_documented(heading):
    """List the keys in the table below a heading; a row has one or more."""
    (section,) = re.findall(
        rf"^## {heading}$(.*?)(?=^## |\Z)", PAGE.read_text("utf-8"), re.M | re.S
    )
    _, table = section.split(HEADER)
    rows = re.findall(r"^\|([^|]*)\|(.*)\|$", table, re.M)[1:]
    for keys, cells in rows:
        meaning, _, present = cells.split("|")
        assert meaning.strip(), keys
        assert present.strip(), keys
        yield from re.findall(r"`(\w+)`", keys)


@pytest.mark.parametrize("heading", RECORDS)
def test_the_page_has_every_key_once_and_no_other(heading):
    documented = list(list_documented(heading))
    assert sorted(documented) == sorted(list_keys(RECORDS[heading]))


def test_every_record_is_on_the_page():
    defined = {
        each
        for _, each in inspect.getmembers(metric_records, inspect.isclass)
        if dataclasses.is_dataclass(each)
    }
    assert defined | {RunMetrics} == {*RECORDS.values(), *INNER.values()}


def test_the_page_is_of_this_version():
    text = " ".join(PAGE.read_text("utf-8").split())
    assert f"this page describes version {VERSION}." in text
