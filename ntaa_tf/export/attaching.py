"""Class names and preprocessing inside exported files.

Each file carries the contents of `labels.json`, in the place that its format
has for them, so that it can be moved without the run directory.
"""

import json
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from ntaa_tf.export.formats import FORMATS
from ntaa_tf.export.formats import TENSORFLOW
from ntaa_tf.storage.files import write_atomically
from ntaa_tf.storage.served_form import LABELS_FILE
from ntaa_tf.storage.served_form import ServedForm
from ntaa_tf.storage.served_form import describe_served_form
from ntaa_tf.storage.served_form import write_served_form

EXTRA_ASSETS = "assets.extra"  # TensorFlow's directory for files of the user.
# Names and values of ONNX's own image metadata.
ONNX_IMAGES = {
    "Image.BitmapPixelFormat": "Rgb8",
    "Image.NominalPixelRange": "NominalRange_0_255",
}


def attach_form(name: str, file: Path, form: ServedForm) -> None:
    """Write class names and preprocessing into an exported file.

    The model in the file stays as it is.

    Args:
        name: name of the format.
        file: file or directory of the export.
        form: form of the adapted model.
    """
    _ATTACH[FORMATS[name].runtime](file, form)


def _attach_to_saved_model(directory: Path, form: ServedForm) -> None:
    """Write `assets.extra/labels.json`."""
    write_served_form(directory / EXTRA_ASSETS, form)


def _attach_to_onnx(file: Path, form: ServedForm) -> None:
    """Write the metadata properties; values are JSON, except ONNX's own."""
    import onnx  # Of the extra `export`, and slow to import.

    model = onnx.load(file)
    described = describe_served_form(form)
    properties = {key: json.dumps(value) for key, value in described.items()}
    onnx.helper.set_model_props(model, {**properties, **ONNX_IMAGES})
    with write_atomically(file) as unfinished:
        onnx.save(model, unfinished)


def _attach_to_litert(file: Path, form: ServedForm) -> None:
    """Append an archive with `labels.json`.

    LiteRT keeps associated files of a model so: the file is a model from its
    beginning, and a ZIP archive from its end.
    """
    with write_atomically(file) as unfinished:
        shutil.copy2(file, unfinished)
        with zipfile.ZipFile(unfinished, "a") as archive:
            text = json.dumps(describe_served_form(form), indent=2)
            archive.writestr(LABELS_FILE, text)


_ATTACH: dict[str, Callable[[Path, ServedForm], None]] = {
    TENSORFLOW: _attach_to_saved_model,
    "onnx": _attach_to_onnx,
    "litert": _attach_to_litert,
    "openvino": write_served_form,
}
