"""Files of exports opened in a process in which `ntaa_tf` can't be imported."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ntaa_tf.export import runtimes
from ntaa_tf.export.comparing import Answers
from ntaa_tf.export.failures import list_failures
from ntaa_tf.export.failures import shorten
from ntaa_tf.image_size import Size


def reopen(
    files: Mapping[str, Path],
    images: np.ndarray,
    outputs: Sequence[str],
    file_size: Size,
) -> dict[str, tuple[dict[str, Any], Answers]]:
    """Let a fresh process answer from the files of one runtime.

    Args:
        files: by their formats.
        images: uint8, (batch, height, width, 3).
        outputs: the names of what is given, in the model's order.
        file_size: height and width of images that are decoded and cropped
            around their centre where they are served.

    Returns:
        For each format the `milliseconds` of a batch of one or the `failure`,
        and the answers by signature and output, none of what failed.
    """
    with tempfile.TemporaryDirectory() as directory:
        request = Path(directory, "request.json")
        written = {
            "files": {name: str(files[name].resolve()) for name in files},
            "outputs": list(outputs),
            "file_size": file_size,
        }
        request.write_text(json.dumps(written), "utf-8")
        np.savez(request.with_name("images.npz"), images=images)
        child = run_alone(request)
        told_file = request.with_name("told.json")
        if child.returncode != 0 or not told_file.exists():
            if len(files) > 1:  # One of them may have ended it for all.
                return _reopen_one_by_one(files, images, outputs, file_size)
            ended = {"failure": _describe_end(child)}
            return dict.fromkeys(files, (ended, {}))
        told = json.loads(told_file.read_text("utf-8"))
        for name, failure in list_failures(told).items():
            told[name] = {"failure": f"can't be opened: {shorten(failure)}"}
        return {
            name: (told[name], _read_answers(request.with_name(f"{name}.npz")))
            for name in files
        }


def _reopen_one_by_one(
    files: Mapping[str, Path], *asked: Any
) -> dict[str, tuple[dict[str, Any], Answers]]:
    reopened: dict[str, tuple[dict[str, Any], Answers]] = {}
    for name, file in files.items():
        reopened |= reopen({name: file}, *asked)
    return reopened


def run_alone(request: Path) -> subprocess.CompletedProcess[str]:
    """Answer a request in a process without accelerators."""
    return subprocess.run(
        [sys.executable, "-P", runtimes.__file__, str(request)],
        cwd=request.parent,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        errors="replace",
    )


def _read_answers(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as answers:
        return dict(answers)


def _describe_end(child: subprocess.CompletedProcess[str]) -> str:
    last_lines = "\n".join(child.stderr.splitlines()[-3:])
    return (
        "can't be opened: the process ended with status "
        f"{child.returncode}: {shorten(last_lines)}"
    )
