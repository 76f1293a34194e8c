"""Time and memory of evaluating and re-ranking retrieval embeddings."""

import time
from collections.abc import Callable
from dataclasses import asdict
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.measure import read_peak_memory
from benchmarks.measure import run_apart
from ntaa_tf.compare.report import Report
from ntaa_tf.compare.report import format_table
from ntaa_tf.metrics import evaluate_retrieval
from ntaa_tf.metrics import measure_distances
from ntaa_tf.metrics import re_rank

IDENTITIES = 750
CAMERAS = 6
# Shares of the gallery of Market-1501.
JUNK_SHARE = 3819 / 19732
DISTRACTOR_SHARE = 2793 / 19732
FEATURES = ("random", "by identity")

HEADER = (
    *("features", "step", "seconds", "CPU, s", "peak memory, MiB"),
    "net, MiB",
)
NOTES = """\
Each step is called once, in a process of its own. The evaluation computes the
distances in chunks. Random features are normally distributed; features by
identity have a center for each identity, with the same variance around it as
between the centers. The peak is the largest resident memory of the process. The
net memory includes the features, but not the memory of a process that has only
imported this benchmark and TensorFlow."""


@dataclass(frozen=True)
class Sizes:
    """Sizes of the random data; by default those of Market-1501.

    Args:
        queries: number of query images.
        items: number of gallery images.
        dimensions: dimension of a feature vector.
    """

    queries: int = 3368
    items: int = 19732
    dimensions: int = 512


@dataclass(frozen=True)
class Images:
    """Features and labels of the queries or of the gallery, a row an image."""

    features: np.ndarray
    identities: np.ndarray
    cameras: np.ndarray


def run(sizes: Sizes) -> Report:
    """Measure every step with every kind of features.

    Args:
        sizes: sizes of the random data.
    """
    results = {
        **asdict(sizes),
        "measured": [
            run_apart(measure, kind, step, sizes)
            for kind in FEATURES
            for step in STEPS
        ],
    }
    return Report("retrieval", results, describe(results))


def measure(kind: str, step: str, sizes: Sizes) -> dict[str, Any]:
    """Measure the seconds and the peak memory of one step in this process.

    Args:
        kind: kind of the features, one of `FEATURES`.
        step: key of `STEPS`.
        sizes: sizes of the random data.
    """
    idle = read_peak_memory()
    query, gallery = draw_images(kind, sizes)
    wall, cpu = time.perf_counter(), time.process_time()
    STEPS[step](query, gallery)
    peak = read_peak_memory()
    return {
        "features": kind,
        "step": step,
        "wall_seconds": time.perf_counter() - wall,
        "cpu_seconds": time.process_time() - cpu,
        "peak_mib": peak,
        "net_mib": peak - idle,
    }


def draw_images(kind: str, sizes: Sizes) -> tuple[Images, Images]:
    """Draw features and labels of queries and gallery.

    Args:
        kind: kind of the features, one of `FEATURES`.
        sizes: sizes of the random data.
    """
    rng = np.random.default_rng(0)
    shape = (IDENTITIES, sizes.dimensions)
    centers = rng.standard_normal(shape, np.float32)
    if kind == "random":
        centers[:] = 0

    def draw(identities: np.ndarray) -> Images:
        count = len(identities)
        features = rng.standard_normal((count, sizes.dimensions), np.float32)
        known = identities > 0
        features[known] += centers[identities[known] - 1]
        return Images(features, identities, rng.integers(1, CAMERAS + 1, count))

    query = draw(rng.integers(1, IDENTITIES + 1, sizes.queries))
    identities = rng.integers(1, IDENTITIES + 1, sizes.items)
    chance = rng.random(sizes.items)
    identities[chance < JUNK_SHARE + DISTRACTOR_SHARE] = 0
    identities[chance < JUNK_SHARE] = -1
    return query, draw(identities)


def evaluate(query: Images, gallery: Images) -> None:
    """Compute CMC and mAP, with the distances computed in chunks."""
    evaluate_retrieval(
        lambda rows: measure_distances(query.features[rows], gallery.features),
        *(query.identities, gallery.identities),
        *(query.cameras, gallery.cameras),
    )


def rank_again(query: Images, gallery: Images) -> None:
    """Re-rank the gallery by reciprocal neighbors."""
    re_rank(query.features, gallery.features)


STEPS: dict[str, Callable[[Images, Images], None]] = {
    "evaluation": evaluate,
    "re-ranking": rank_again,
}


def describe(results: dict[str, Any]) -> str:
    """Write a table with a row for each kind of features and step."""
    rows = [
        (
            measured["features"],
            measured["step"],
            measured["wall_seconds"],
            measured["cpu_seconds"],
            measured["peak_mib"],
            measured["net_mib"],
        )
        for measured in results["measured"]
    ]
    sizes = (
        f"{results['queries']:,} queries, {results['items']:,} gallery items, "
        f"{results['dimensions']:,} dimensions."
    )
    return "\n\n".join([format_table(HEADER, rows), NOTES, sizes])
