"""Cost of a search step in which the network's weights rest.

A task's search on a supernet that was trained without labels learns only the
logits and the head. So the layers before the first site compute the same
features for the same image in every epoch. They could be stored instead, if
images are not augmented; this benchmark measures how much that would save.
"""

from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from benchmarks.measure import Timing
from benchmarks.measure import time_in_turn
from benchmarks.setting import Setting
from benchmarks.setting import draw_images
from benchmarks.variants import compile_search
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.supernet import Supernet

SEARCH, TASK, CONSTANT = "all learn", "logits and head", "before the first site"
HEADER = (
    *("model, pixels, batch", "sites", "all learn, s", "logits and head, s"),
    *("ratio", "before the first site, s", "share of the task's step"),
)
NOTES = """\
Seconds are medians; ratios are medians of the ratios within each round. The
last column is the largest saving that stored features could give."""


def run(settings: list[Setting], sites: list[str], rounds: int) -> Report:
    """Measure both kinds of steps, and the layers before the first site.

    Args:
        settings: models, image sizes and batch sizes.
        sites: selections of sites, one supernet each.
        rounds: number of timed steps of each kind.
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
    """Time the steps for one selection of sites, in turn."""
    source = setting.build_source()
    learning, resting = (
        insert_mixed_ops(source, sites=sites) for _ in range(2)
    )
    head = {id(weight) for weight in resting.layers[-1].weights}
    body = [w for w in resting.network_variables if id(w) not in head]
    timings: dict[str, Timing] = time_in_turn(
        {
            SEARCH: setting.make_step(compile_search(learning)),
            TASK: setting.make_step(compile_search(resting, resting=body)),
            CONSTANT: make_prefix(setting, resting),
        },
        rounds,
    )
    return {
        "timings": {name: timing.to_dict() for name, timing in timings.items()},
        "task/search": timings[TASK].ratio_to(timings[SEARCH]),
        "constant/task": timings[CONSTANT].ratio_to(timings[TASK]),
    }


def make_prefix(setting: Setting, supernet: Supernet) -> Callable[[], Any]:
    """Return a function that runs the layers before the first site."""
    prefix = keras.Model(supernet.input, supernet.choices[0].input)
    infer = tf.function(lambda images: prefix(images, training=False))
    batch = tf.convert_to_tensor(draw_images(setting.image_shape))
    return lambda: infer(batch).numpy()
