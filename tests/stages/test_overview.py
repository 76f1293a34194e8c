"""A run ends with its table, its verdict and its paths."""

from pathlib import Path

from measured import COSTS
from measured import make_metrics

from ntaa_tf.stages.overview import tell_results


def test_the_last_lines_are_table_verdict_and_paths(caplog):
    caplog.set_level("INFO")
    adapted = COSTS | {"test_accuracy": 0.875}
    tell_results(make_metrics(adapted=adapted), Path("runs/x"))
    table, paths = caplog.messages
    assert "parameters" in table
    assert table.endswith("\n\nNTAA: 87.5 % test accuracy.")
    assert paths.split("\n")[1:] == [
        "adapted model: runs/x/adapted.keras",
        "report: runs/x/report.html",
        "exports: runs/x/export",
    ]
