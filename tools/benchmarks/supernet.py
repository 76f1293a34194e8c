"""Cost of a training step of the supernet, compared with plain finetuning.

The steps of all variants are timed in turn in one process. The peak memory of
each variant is measured in a process of its own.
"""

import gc
import logging
import operator
from collections.abc import Callable
from collections.abc import Mapping
from typing import Any

from benchmarks.measure import Timing
from benchmarks.measure import read_peak_memory
from benchmarks.measure import run_apart
from benchmarks.measure import time_in_turn
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table

logger = logging.getLogger(__name__)

MEMORY_STEPS = 2
BASES = ("source", "floor")

LABELS = {
    name: f"({letter}) {name.replace('_', ' ')}"
    for letter, name in zip("abcdef", VARIANTS, strict=True)
}
SUMMARY = {
    "(b)/(a) all sites": ("time", "all_sites/source"),
    "(b)/(f)": ("time", "all_sites/floor"),
    "(c)/(f) spatial sites": ("time", "spatial_sites/floor"),
    "(d)/(a) literal": ("time", "literal/source"),
    "(e)/(a) single path": ("time", "single_path/source"),
    "memory (b)/(a)": ("memory", "all_sites/source"),
    "net of TensorFlow's": ("net_memory", "all_sites/source"),
}
DETAILS = (
    *("variant", "step, s", "CPU, s", "time/(a)", "time/(f)"),
    *("peak memory, MiB", "/(a)", "net, MiB", "/(a)"),
)
NOTES = """\
Seconds are medians; a ratio of times is the median of the ratios within each
round. The peak memory is the largest resident memory of a process that trains
this variant alone. The net memory is without the memory of a process that has
only imported TensorFlow and this benchmark."""


def run(settings: list[Setting], variants: list[str], rounds: int) -> Report:
    """Measure a training step of each variant in each setting.

    Args:
        settings: models, image sizes and batch sizes.
        variants: keys of `VARIANTS`.
        rounds: number of timed steps of each variant.

    Raises:
        ValueError: if a variant is unknown.
    """
    unknown = sorted(set(variants) - set(VARIANTS))
    if unknown:
        raise ValueError(
            f"--variants has unknown names: {unknown}. Choose from "
            f"{list(VARIANTS)}."
        )
    results = [measure(setting, variants, rounds) for setting in settings]
    return Report("supernet", results, describe(results))


def measure(
    setting: Setting, variants: list[str], rounds: int
) -> dict[str, Any]:
    """Measure the time and memory of each variant in one setting."""
    logger.info("%s: %d rounds of %s", setting, rounds, ", ".join(variants))
    timings = run_apart(time_variants, setting, variants, rounds)
    idle = run_apart(measure_idle_memory)
    peaks = {}
    for variant in variants:
        logger.info("%s: memory of %s", setting, variant)
        peaks[variant] = run_apart(measure_memory, setting, variant)
    net = {variant: peak - idle for variant, peak in peaks.items()}
    return {
        **setting.to_dict(),
        "variants": {
            variant: {
                **timings[variant].to_dict(),
                "peak_mib": peaks[variant],
                "net_mib": net[variant],
            }
            for variant in variants
        },
        "ratios": {
            "time": divide(timings, Timing.ratio_to),
            "memory": divide(peaks, operator.truediv),
            "net_memory": divide(net, operator.truediv),
        },
    }


def time_variants(
    setting: Setting, variants: list[str], rounds: int
) -> dict[str, Timing]:
    """Time a training step of each variant, in turn, in this process."""
    source = setting.build_source()
    steps = {
        variant: setting.make_step(VARIANTS[variant](source))
        for variant in variants
    }
    return time_in_turn(steps, rounds)


def measure_memory(setting: Setting, variant: str) -> float:
    """Train one variant in this process; return its peak memory, in MiB."""
    step = setting.make_step(VARIANTS[variant](setting.build_source()))
    gc.collect()  # Frees the source, which only the building needed.
    for _ in range(MEMORY_STEPS):
        step()
    return read_peak_memory()


def measure_idle_memory() -> float:
    """Return the peak memory, in MiB, of a process with only the imports."""
    return read_peak_memory()


def divide(
    values: Mapping[str, Any], quotient: Callable[[Any, Any], float]
) -> dict[str, float]:
    """Divide the value of each variant by those of the source and the floor.

    Args:
        values: value of each variant.
        quotient: function that divides one value by another.

    Returns:
        Quotients by name, such as "all_sites/source". Those of a missing
        source or floor are left out.
    """
    return {
        f"{name}/{base}": quotient(value, values[base])
        for base in BASES
        if base in values
        for name, value in values.items()
    }


def describe(results: list[dict[str, Any]]) -> str:
    """Write a table of the ratios, and a table of variants per setting."""
    summary = [
        (
            result["setting"],
            *(
                result["ratios"][kind].get(key)
                for kind, key in SUMMARY.values()
            ),
        )
        for result in results
    ]
    header = ("model, pixels, batch", *SUMMARY)
    details = [
        f"{result['setting']}\n\n{format_table(DETAILS, list_rows(result))}"
        for result in results
    ]
    return "\n\n".join([format_table(header, summary), NOTES, *details])


def list_rows(result: dict[str, Any]) -> list[tuple[Any, ...]]:
    """List the rows of a table with the header `DETAILS`, one per variant."""
    ratios = result["ratios"]
    return [
        (
            LABELS[variant],
            measured["wall_median"],
            measured["cpu_median"],
            ratios["time"].get(f"{variant}/source"),
            ratios["time"].get(f"{variant}/floor"),
            measured["peak_mib"],
            ratios["memory"].get(f"{variant}/source"),
            measured["net_mib"],
            ratios["net_memory"].get(f"{variant}/source"),
        )
        for variant, measured in result["variants"].items()
    ]
