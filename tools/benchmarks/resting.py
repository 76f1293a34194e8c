"""What a step costs where only logits and a head learn, and what is constant.

Such is each task's search on a supernet that learnt without labels. What
comes before the first site is the same for the same image, so that it could be
kept instead of computed: for images that are the same in every epoch.
"""

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from benchmarks.measure import Timing
from benchmarks.measure import time_in_turn
from benchmarks.report import Report
from benchmarks.report import format_table
from benchmarks.setting import Setting
from benchmarks.variants import compile_search
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.supernet import Supernet

SEARCH, TASK, CONSTANT = "all learn", "logits and head", "before the first site"
HEADER = (
    *("model, pixels, batch", "sites", "all learn, s", "logits and head, s"),
    *("ratio", "before the first site, s", "share of the task's step"),
)
NOTES = """\
Seconds are medians; ratios are medians of those within each round. The last
column is the most that keeping what is constant can save."""


def run(settings: list[Setting], sites: list[str], rounds: int) -> Report:
    """Measure both kinds of steps, and what is constant in one of them.

    Args:
        settings: models, image sizes and batch sizes.
        sites: which convolutions are searched, one supernet each.
        rounds: timed steps of each.
    """
    results = [
        {**setting.to_dict(), "sites": which, **measure(setting, which, rounds)}
        for setting in settings
        for which in sites
    ]
    rows = [
        (
            result["setting"],
            result["sites"],
            result["timings"][SEARCH]["wall_median"],
            result["timings"][TASK]["wall_median"],
            result["task/search"],
            result["timings"][CONSTANT]["wall_median"],
            result["constant/task"],
        )
        for result in results
    ]
    return Report(
        "resting", results, f"{format_table(HEADER, rows)}\n\n{NOTES}"
    )


def measure(setting: Setting, sites: str, rounds: int) -> dict[str, Any]:
    """Time the steps of one supernet in turn."""
    source = setting.build_source()
    searched, rested = (insert_mixed_ops(source, sites=sites) for _ in range(2))
    head = {id(weight) for weight in rested.layers[-1].weights}
    resting = [w for w in rested.network_variables if id(w) not in head]
    timings: dict[str, Timing] = time_in_turn(
        {
            SEARCH: setting.make_step(compile_search(searched)),
            TASK: setting.make_step(compile_search(rested, resting=resting)),
            CONSTANT: make_prefix(setting, rested),
        },
        rounds,
    )
    return {
        "timings": {name: of.to_dict() for name, of in timings.items()},
        "task/search": timings[TASK].ratio_to(timings[SEARCH]),
        "constant/task": timings[CONSTANT].ratio_to(timings[TASK]),
    }


def make_prefix(setting: Setting, supernet: Supernet) -> Callable[[], Any]:
    """Make what computes all that is before the first site, for one batch."""
    prefix = keras.Model(supernet.input, supernet.choices[0].input)
    infer = tf.function(lambda images: prefix(images, training=False))
    shape = (setting.batch, setting.pixels, setting.pixels, 3)
    images = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    batch = tf.convert_to_tensor(images)
    return lambda: infer(batch).numpy()
