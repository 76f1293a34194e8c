"""Throughput of the input pipeline, compared with the training step."""

from collections.abc import Callable
from typing import Any

from benchmarks.measure import time_in_turn
from benchmarks.setting import Setting
from benchmarks.variants import VARIANTS
from ntaa_tf import data
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table

BATCHES_A_CALL = 20
EPOCHS = 1_000_000  # The stream never ends during a measurement.

HEADER = (
    *("model, pixels, batch", "augmentation", "images/s"),
    *(
        "images/s needed",
        "ratio",
        "CPU of a batch / CPU of a step",
    ),
)
NOTES = """\
The pipeline runs alone, without training. The images per second needed are the
batch size divided by the seconds of a training step of the plain source. The
last column matters on a machine without accelerator, where pipeline and
training share the cores."""


def run(
    settings: list[Setting], dataset: str, data_dir: str | None, rounds: int
) -> Report:
    """Measure the images per second with every augmentation.

    Args:
        settings: models, image sizes and batch sizes.
        dataset: data set, as `--dataset` of a run.
        data_dir: directory of the data set, as `--data_dir` of a run.
        rounds: number of timed steps, and of timed pulls of twenty batches.
    """
    raw = data.open_dataset(dataset, data_dir)
    results = [measure(setting, raw, rounds) for setting in settings]
    return Report("pipeline", results, describe(results))


def measure(
    setting: Setting, raw: data.RawDataset, rounds: int
) -> dict[str, Any]:
    """Measure a step of the plain source, and every augmentation."""
    source = VARIANTS["source"](setting.build_source())
    step = time_in_turn({"step": setting.make_step(source)}, rounds)["step"]
    dataset = data.prepare_images(raw, setting.pixels)
    pipelines = {}
    for augment in data.AUGMENTATIONS:
        # One stream at a time: a second one would prefetch during the timing.
        calls = {augment: make_pull(dataset, setting.batch, augment)}
        pull = time_in_turn(calls, rounds)[augment]
        pipelines[augment] = {
            "images_per_second": BATCHES_A_CALL * setting.batch / pull.wall,
            "cpu_seconds_per_batch": pull.cpu / BATCHES_A_CALL,
        }
    return {
        **setting.to_dict(),
        "dataset": raw.name,
        "step": step.to_dict(),
        "images_per_second_needed": setting.batch / step.wall,
        "pipelines": pipelines,
    }


def make_pull(
    dataset: data.ImageDataset, batch: int, augment: str
) -> Callable[[], None]:
    """Return a function that pulls twenty batches from a run's pipeline."""
    stream = iter(
        data.training_batches(
            dataset.train,
            dataset.num_classes,
            batch,
            augment,
            flip=dataset.can_mirror,
            epochs=EPOCHS,
        )
    )

    def pull() -> None:
        for _ in range(BATCHES_A_CALL):
            next(stream)

    return pull


def describe(results: list[dict[str, Any]]) -> str:
    """Write a table with a row for each setting and augmentation."""
    rows = [
        (
            result["setting"],
            augment,
            pipeline["images_per_second"],
            result["images_per_second_needed"],
            pipeline["images_per_second"] / result["images_per_second_needed"],
            pipeline["cpu_seconds_per_batch"] / result["step"]["cpu_median"],
        )
        for result in results
        for augment, pipeline in result["pipelines"].items()
    ]
    return f"{format_table(HEADER, rows)}\n\n{NOTES}"
