"""Growth of the supernet's training step with candidates, batch and pixels."""

from dataclasses import replace
from typing import Any

from benchmarks.growth_plot import draw_growth
from benchmarks.measure import Timing
from benchmarks.measure import run_apart
from benchmarks.measure import time_in_turn
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS
from benchmarks.variants import compile_search
from benchmarks.variants import mix_literally
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table
from ntaa_tf.search.insert import insert_mixed_ops

# Linear candidates, in addition to the source's own operation.
CANDIDATES = (
    *("conv5x5", "conv1x1", "identity", "separable5x5", "separable3x3"),
    *("avg_pool", "zero"),
)
NUMBERS = (2, 4, 8)
BATCHES = (16, 32, 64, 128)
PIXELS = (32, 64, 128, 224)

NOTES = """\
The seconds of a training step are medians; growth and ratios are medians of
the ratios within each round. The first table varies the number of linear
candidates, including the source's own, at every site with kernels larger than
1×1. They are merged into one kernel, or computed one by one; the largest is
always a 5×5 convolution. The other tables vary the batch size and the image
size, for the default supernet and for plain finetuning."""


def run(setting: Setting, rounds: int) -> Report:
    """Measure a training step along each axis, with the others fixed.

    Args:
        setting: model, and the image size and batch size along other axes.
        rounds: number of timed steps of each network.
    """
    batches = {size: replace(setting, batch=size) for size in BATCHES}
    pixels = {size: replace(setting, pixels=size) for size in PIXELS}
    axes = {
        "candidates": run_apart(time_candidates, setting, rounds),
        "batch": run_apart(time_settings, batches, rounds),
        "pixels": run_apart(time_settings, pixels, rounds),
    }
    text = (
        f"{describe(axes)}\n\nFixed values (model, pixels, batch): {setting}."
    )
    results = {**setting.to_dict(), "axes": axes}
    return Report("growth", results, text, draw_growth(axes))


def time_candidates(setting: Setting, rounds: int) -> list[dict[str, Any]]:
    """Time supernets with each number of linear candidates at a site."""
    source = setting.build_source()
    steps = {}
    for number in NUMBERS:
        names = ",".join(CANDIDATES[: number - 1])
        for label in ("merged", "one by one"):
            supernet = insert_mixed_ops(source, names, sites="spatial")
            if label == "one by one":
                mix_literally(supernet)
            steps[number, label] = setting.make_step(compile_search(supernet))
    return list_points(time_in_turn(steps, rounds))


def time_settings(
    settings: dict[int, Setting], rounds: int
) -> list[dict[str, Any]]:
    """Time the supernet and plain finetuning in each setting."""
    steps = {}
    for value, setting in settings.items():
        source = setting.build_source()
        for label, variant in (
            ("supernet", "all_sites"),
            ("plain finetuning", "source"),
        ):
            steps[value, label] = setting.make_step(VARIANTS[variant](source))
    return list_points(time_in_turn(steps, rounds))


def list_points(
    timings: dict[tuple[int, str], Timing],
) -> list[dict[str, Any]]:
    """List the measurements at each value of an axis.

    Args:
        timings: timing for each value and label; every value has the same
            two labels.

    Returns:
        For each value: the ratio of the first label's time to the second's,
        and for each label its timing and its growth from the first value.
    """
    values = list(dict.fromkeys(value for value, _ in timings))
    first, second = dict.fromkeys(label for _, label in timings)
    return [
        {
            "value": value,
            "ratio": timings[value, first].ratio_to(timings[value, second]),
            "steps": {
                label: {
                    **timings[value, label].to_dict(),
                    "growth": timings[value, label].ratio_to(
                        timings[values[0], label]
                    ),
                }
                for label in (first, second)
            },
        }
        for value in values
    ]


def describe(axes: dict[str, list[dict[str, Any]]]) -> str:
    """Write a table for each axis."""
    tables = []
    for axis, points in axes.items():
        first, second = points[0]["steps"]
        header = (
            *(axis, f"{first}, s", "growth", f"{second}, s", "growth"),
            f"{first}/{second}",
        )
        rows = [
            (
                point["value"],
                *(
                    step[key]
                    for step in point["steps"].values()
                    for key in ("wall_median", "growth")
                ),
                point["ratio"],
            )
            for point in points
        ]
        tables.append(format_table(header, rows))
    return "\n\n".join([*tables, NOTES])
