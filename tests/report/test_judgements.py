"""The page shows what each change was worth, and why nothing was searched."""

import dataclasses

from measured import make_metrics

from ntaa_tf.report.facts import list_judgements
from ntaa_tf.report.verdict import judge
from ntaa_tf.storage.metric_records import EVERY_CHANGE
from ntaa_tf.storage.metric_records import Judgement

KEPT = Judgement("conv2", "conv5x5", 0.0102, 0.0065, 0.0017, stays=True)
REVERTED = Judgement("conv1", "identity", -0.02, -0.03, -0.001, stays=False)


def test_each_change_has_a_row():
    together = Judgement(EVERY_CHANGE, "", 0.01, 0.006, 0.002, stays=True)
    metrics = dataclasses.replace(
        make_metrics(), judgements=(REVERTED, KEPT, together)
    )
    reverted, kept, all_kept = list_judgements(metrics)
    assert reverted == (
        *("conv1", "identity", "taken back"),
        *("-0.0200", "-0.0300", "-0.0010"),
    )
    assert kept[2] == "stays"
    assert all_kept[0] == "all that stay"


def test_a_search_that_was_left_out_is_told():
    reason = "38 images can be held out to judge changes, and 200 are needed"
    metrics = dataclasses.replace(make_metrics(), search_left_out=reason)
    assert f"No operation was searched: {reason}." in judge(metrics).warnings
    assert judge(make_metrics()).warnings == ()
