"""Summary table of a retrieval data set."""

import numpy as np

from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import JUNK
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews

HEADINGS = (
    "split",
    "images",
    "identities",
    "cameras",
    "images per identity",
    "distractors",
    "junk",
)


def summarize_retrieval(raw: RawRetrieval) -> str:
    """Count images, identities and cameras of each split; decode nothing.

    Args:
        raw: the raw data set.

    Returns:
        An aligned table with a line for each split. The images per identity
        are minimum / median / maximum. Junk and distractors have columns of
        their own and do not count as identities.
    """
    rows: list[tuple[str, ...]] = [HEADINGS]
    rows += [_count(split, views) for split, views in raw.splits.items()]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_align(row, widths) for row in rows)


def _count(split: str, views: RawViews) -> tuple[str, ...]:
    known = views.identities[views.identities > DISTRACTOR]
    identities, counts = np.unique(known, return_counts=True)
    return (
        split,
        f"{len(views):,}",
        f"{len(identities):,}",
        f"{len(np.unique(views.cameras)):,}",
        _describe_spread(counts),
        f"{np.sum(views.identities == DISTRACTOR):,}",
        f"{np.sum(views.identities == JUNK):,}",
    )


def _describe_spread(counts: np.ndarray) -> str:
    if not len(counts):
        return "-"
    return f"{counts.min()} / {np.median(counts):g} / {counts.max()}"


def _align(row: tuple[str, ...], widths: list[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1])]
    return "  ".join(cells + [cell.rjust(width) for cell, width in others])
