"""Confusion matrices: drawn for few classes, listed for many."""

from typing import Any
from unicodedata import east_asian_width

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from ntaa_tf.report.ink import INK
from ntaa_tf.report.ink import to_svg
from ntaa_tf.report.layout import CHARACTER
from ntaa_tf.report.records import Confusion

MOST_CLASSES = 30  # A larger matrix is not drawn.
MOST_PAIRS = 10
LONGEST = 18  # Characters of a class name.
RIGHT, WRONG = "#0072b2", "#d55e00"
FULL = 0.6  # On cells at least this opaque, numbers are white.

LABEL = "Confusion matrix"

CELL, MARGIN = 0.3, 0.1  # Inches.
# Precision, recall and F1.
Shares = tuple[float | None, float | None, float | None]

SMALL: dict[str, Any] = {"color": INK, "fontsize": 7.5, "parse_math": False}


def draw_confusion(name: str, confusion: Confusion) -> str:
    """Draw a confusion matrix: rows are true classes, columns predictions.

    Args:
        name: name of the attribute.
        confusion: names of the `classes`, and the `counts`.

    Returns:
        An SVG element; an empty text for more than `MOST_CLASSES` classes.
    """
    classes = [_shorten(label) for label in confusion["classes"]]
    if len(classes) > MOST_CLASSES:
        return ""
    counts = _fill(confusion)
    side = CELL * len(classes)
    names = CHARACTER * max(map(_count_cells, classes)) + MARGIN
    width = names + side + MARGIN
    height = MARGIN + side + names
    figure = Figure(figsize=(width, height))
    axes = figure.add_axes(
        (names / width, names / height, side / width, side / height)
    )
    axes.imshow(_colour(counts), interpolation="none", aspect="auto")
    _name_classes(axes, classes)
    _write_counts(axes, counts)
    return to_svg(figure, f"{LABEL}: {name}")


def list_confused(confusion: Confusion) -> list[tuple[int, int, int, int]]:
    """List the pairs of classes that were confused most often.

    Args:
        confusion: names of the `classes`, and the `counts`.

    Returns:
        Tuples, the most frequent first: true class, predicted class, number
        of images, and number of all images of the true class.

    Example:
    >>> list_confused({"classes": "ab", "counts": [[0, 0, 7], [0, 1, 2]]})
    [(0, 1, 2, 9)]
    """
    totals: dict[int, int] = {}
    for true, _, count in confusion["counts"]:
        totals[true] = totals.get(true, 0) + count
    wrong = [
        (true, predicted, count, totals[true])
        for true, predicted, count in confusion["counts"]
        if true != predicted
    ]
    return sorted(wrong, key=lambda pair: -pair[2])[:MOST_PAIRS]


def measure_classes(confusion: Confusion) -> list[tuple[str, int, Shares]]:
    """Measure each class: how many images it has, and how well it is found.

    Args:
        confusion: names of the `classes`, and the `counts`.

    Returns:
        For each class, the worst first: its name, its number of images, and
        its precision, recall and F1. A precision is None if the class was
        never predicted, a recall if it has no images.

    Example:
    >>> counts = [[0, 0, 6], [0, 1, 2], [1, 1, 4]]
    >>> for row in measure_classes({"classes": "ab", "counts": counts}):
    ...     print(*row)
    b 4 (0.6666666666666666, 1.0, 0.8)
    a 8 (1.0, 0.75, 0.8571428571428571)
    """
    counts = _fill(confusion)
    right, images, predicted = (
        counts.diagonal(),
        counts.sum(1),
        counts.sum(0),
    )
    rows = [
        (
            name,
            int(images[index]),
            (
                _divide(right[index], predicted[index]),
                _divide(right[index], images[index]),
                _divide(2 * right[index], images[index] + predicted[index]),
            ),
        )
        for index, name in enumerate(confusion["classes"])
    ]
    # Classes without images come last: nothing is known about them.
    return sorted(rows, key=lambda row: (row[1] == 0, row[2][2] or 0.0))


def _divide(part: int, whole: int) -> float | None:
    return float(part / whole) if whole else None


def _fill(confusion: Confusion) -> np.ndarray:
    """Return the matrix of all counts (true classes, predicted classes)."""
    size = len(confusion["classes"])
    counts = np.zeros((size, size), int)
    for true, predicted, count in confusion["counts"]:
        counts[true, predicted] = count
    return counts


def _find_opacity(counts: np.ndarray) -> np.ndarray:
    """Return the opacity of each cell; the root keeps small shares visible."""
    return np.sqrt(counts / np.maximum(counts.sum(axis=1, keepdims=True), 1))


def _colour(counts: np.ndarray) -> np.ndarray:
    """Return RGBA values; empty cells are transparent and show the page."""
    is_right = np.eye(len(counts), dtype=bool)[..., None]
    hues = np.where(is_right, to_rgb(RIGHT), to_rgb(WRONG))
    return np.concatenate([hues, _find_opacity(counts)[..., None]], axis=-1)


def _name_classes(axes: Axes, classes: list[str]) -> None:
    places = range(len(classes))
    axes.set_yticks(places, classes, **SMALL)
    axes.set_xticks(places, classes, rotation=90, **SMALL)
    axes.tick_params(length=0)
    axes.spines[:].set(color=INK, alpha=0.3, linewidth=0.6)


def _write_counts(axes: Axes, counts: np.ndarray) -> None:
    style = SMALL | {"ha": "center", "va": "center_baseline", "fontsize": 7}
    for (row, column), opacity in np.ndenumerate(_find_opacity(counts)):
        if counts[row, column]:
            colour = {"color": "white"} if opacity > FULL else {}
            text = f"{counts[row, column]}"
            axes.text(column, row, text, **(style | colour))


def _shorten(name: str) -> str:
    if _count_cells(name) <= LONGEST:
        return name
    while _count_cells(name) >= LONGEST:
        name = name[:-1]
    return f"{name}…"


def _count_cells(text: str) -> int:
    """Count characters; wide ones of East Asian scripts count twice."""
    return sum(1 + (east_asian_width(letter) in "WF") for letter in text)
