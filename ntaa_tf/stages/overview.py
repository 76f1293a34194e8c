"""Words of a run before its first stage and after its last one."""

import itertools
import logging
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.graph.cost import measure_cost
from ntaa_tf.report import format_count
from ntaa_tf.report import format_table
from ntaa_tf.report import judge
from ntaa_tf.stages.metrics import describe_data
from ntaa_tf.stages.report import REPORT_FILE
from ntaa_tf.storage.model_files import ADAPTED_FILE
from ntaa_tf.storage.run_metrics import RunMetrics

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Part:
    """A training of a run, with the stages that it consists of.

    Args:
        name: name of the training, such as `baseline`; empty for the run
            itself.
        assembly: what its stages share.
        stages: names of the stages, in their order.
    """

    name: str
    assembly: Assembly
    stages: Sequence[str]


def announce(assembly: Assembly, plan: Sequence[Part]) -> None:
    """Log the data, the source and the stages, and number the stages.

    Args:
        assembly: what the stages of the run share.
        plan: the trainings of the run, in their order.
    """
    counts, choices = describe_data(assembly), assembly.recipe
    height, width = assembly.image_size
    logger.info(
        "data: %s, %d classes, %s training, %s validation and %s test images "
        "of %d×%d pixels",
        *(choices.data.dataset, assembly.dataset.num_classes),
        f"{counts['train_images']:,}",
        f"{counts['validation_images']:,}",
        f"{counts['test_images']:,}",
        *(height, width),
    )
    cost = measure_cost(assembly.source)
    logger.info(
        "source: %s, depth %d, %s parameters, %s MACs",
        *(choices.source.model, cost.depth),
        *(format_count(cost.parameters), format_count(cost.macs)),
    )
    titles = number_stages({part.name: part.stages for part in plan})
    for part in plan:
        part.assembly.run_directory.titles |= titles[part.name]
    named = [title for each in titles.values() for title in each.values()]
    logger.info("plan: %s", "  ".join(named))


def number_stages(
    plan: Mapping[str, Sequence[str]],
) -> dict[str, dict[str, str]]:
    """Return the title of each stage, by the training that it belongs to.

    Args:
        plan: the stages of each training, by its name.

    Example:
    >>> for titles in number_stages({"baseline": ["fit"], "": ["s"]}).values():
    ...     print(titles)
    {'fit': '[1/2] baseline: fit'}
    {'s': '[2/2] s'}
    """
    count = sum(map(len, plan.values()))
    numbers = itertools.count(1)
    return {
        name: {
            stage: f"[{next(numbers)}/{count}] "
            + (f"{name}: {stage}" if name else stage)
            for stage in stages
        }
        for name, stages in plan.items()
    }


def tell_results(metrics: RunMetrics, directory: Path) -> None:
    """Log the result table, the verdict, and where everything is.

    Args:
        metrics: metrics of the finished run.
        directory: its run directory.
    """
    verdict = judge(metrics)
    logger.info("\n%s\n\n%s", format_table(metrics), verdict.sentence)
    for warning in verdict.warnings:
        logger.warning("%s", warning)
    if metrics.target_labels is not None:
        logger.info(
            "The architecture learnt from %s labelled training images of the "
            "target domain.",
            f"{metrics.target_labels:,}",
        )
    logger.info(
        "\nadapted model: %s\nreport: %s\nexports: %s",
        directory / ADAPTED_FILE,
        directory / REPORT_FILE,
        directory / "export",
    )
