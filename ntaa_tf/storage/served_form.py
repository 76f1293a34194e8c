"""Form of an adapted model: its input, and the classes of its outputs."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import asdict
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ntaa_tf.image_size import Size
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

LABELS_FILE = "labels.json"
# Images as every adapted model takes them.
IMAGES = {
    "channels": "RGB",
    "range": (0, 255),
    "interpolation": "bilinear, antialiased",
}


@dataclass(frozen=True)
class ServedForm:
    """Inputs and outputs of an adapted model, as in `labels.json`.

    The normalization is part of the model: its input are RGB images from 0 to
    255.

    Args:
        classes: for each output, by its name, the classes of its logits; None
            for an embedding.
        size: height and width in pixels of the model's input.
        resize: height and width in pixels before the central `size` is
            cropped.
        crops: whether images are cropped to the proportions of `resize` before
            they are resized; if False, they are stretched.
    """

    classes: Mapping[str, Sequence[str] | None]
    size: Size
    resize: Size
    crops: bool


def describe_served_form(form: ServedForm) -> dict[str, Any]:
    """Return the contents of `labels.json`.

    Beside the form itself they say what is the same for all adapted models.

    Example:
    >>> form = ServedForm({"logits": ("a", "b")}, (8, 8), (9, 9), crops=True)
    >>> describe_served_form(form)["channels"]
    'RGB'
    """
    return {**asdict(form), **IMAGES}


def write_served_form(directory: Path, form: ServedForm) -> None:
    """Write the form of an adapted model into a directory."""
    write_json(directory / LABELS_FILE, describe_served_form(form))


def read_served_form(directory: Path) -> ServedForm:
    """Read the form of the adapted model of a run directory.

    Raises:
        ValueError: if the file is missing or damaged.
    """
    path = directory / LABELS_FILE
    try:
        data = read_json(path)
        (height, width), (whole_height, whole_width) = (
            data["size"],
            data["resize"],
        )
        return ServedForm(
            dict(data["classes"]),
            (height, width),
            (whole_height, whole_width),
            bool(data["crops"]),
        )
    except FileNotFoundError as error:
        raise ValueError(
            f"{directory} has no {LABELS_FILE}, so it is not the directory of "
            "a finished run of this version."
        ) from error
    except (AttributeError, KeyError, OSError, TypeError, ValueError) as error:
        raise ValueError(
            f"{path} does not hold the form of a model ({error}). Delete "
            "`export` and `metrics.json` beside it, and repeat the run."
        ) from error
