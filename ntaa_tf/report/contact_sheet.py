"""Contact sheets: queries with their nearest gallery images, and mistakes."""

import base64
import io
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from PIL import Image

from ntaa_tf.storage.files import write_atomically

QUERY, RIGHT, WRONG = "#1f2933", "#15803d", "#dc2626"
INCHES = 0.8  # The longer side of an image.
THUMBNAIL = 128  # The same in pixels, in a sheet that the page lays out.
FRAME = 2.5  # Width of a frame, in points.


def draw_contact_sheet(
    path: Path, queries: np.ndarray, answers: np.ndarray, is_right: np.ndarray
) -> None:
    """Draw one row per query: the query, then gallery images, nearest first.

    Args:
        path: the PNG file to write.
        queries: uint8, shape `(queries, height, width, 3)`.
        answers: gallery images, uint8, shape
            `(queries, answers, height, width, 3)`.
        is_right: whether a gallery image has the query's identity, bool, shape
            `(queries, answers)`.
    """
    rows, columns, height, width, _ = answers.shape
    inches = INCHES / max(height, width)
    figure = Figure(
        figsize=((columns + 1) * width * inches, rows * height * inches),
        layout="constrained",
    )
    axes = figure.subplots(rows, columns + 1, squeeze=False)
    for row, query, found, right in zip(
        axes, queries, answers, is_right, strict=True
    ):
        _show(row[0], query, QUERY)
        for place, image, hit in zip(row[1:], found, right, strict=True):
            _show(place, image, RIGHT if hit else WRONG)
    with write_atomically(path) as unfinished:
        figure.savefig(unfinished, format="png", dpi=120)


def encode_thumbnail(image: np.ndarray) -> str:
    """Encode an image as a small PNG in base64, for a page or JSON.

    Args:
        image: uint8, shape `(height, width, 3)`; it is reduced to `THUMBNAIL`
            pixels if it is larger.

    Example:
    >>> encode_thumbnail(np.zeros((8, 8, 3), "uint8"))[:8]
    'iVBORw0K'
    """
    picture, written = Image.fromarray(image), io.BytesIO()
    picture.thumbnail((THUMBNAIL, THUMBNAIL))
    picture.save(written, format="png")
    return base64.b64encode(written.getvalue()).decode("ascii")


def _show(axes: Axes, image: np.ndarray, colour: str) -> None:
    axes.imshow(image)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.spines[:].set_color(colour)
    axes.spines[:].set_linewidth(FRAME)
