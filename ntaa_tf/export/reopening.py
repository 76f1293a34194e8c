"""Opening of exports in a process in which `ntaa_tf` can't be imported."""

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
from ntaa_tf.export.comparing import Outputs
from ntaa_tf.export.failures import list_failures
from ntaa_tf.export.failures import shorten
from ntaa_tf.image_size import Size

Reopened = dict[str, tuple[dict[str, Any], Outputs]]


def reopen(
    files: Mapping[str, Path],
    images: np.ndarray,
    outputs: Sequence[str],
    file_size: Size,
) -> Reopened:
    """Run exports of one runtime in a fresh process.

    Args:
        files: files or directories by format.
        images: uint8, (batch, height, width, 3).
        outputs: names of the outputs, in the model's order.
        file_size: height and width of decoded image files, before the
            signature for files crops their centre to the size of `images`.

    Returns:
        A pair for each format. First a dictionary with the `milliseconds` of
        a batch of one image, or with the `failure`. Second the outputs by
        signature and name, joined by a slash; empty after a failure.
    """
    with tempfile.TemporaryDirectory() as directory:
        request = Path(directory, "request.json")
        _write_request(request, files, images, outputs, file_size)
        child = run_in_fresh_process(request)
        results_file = request.with_name("results.json")
        if child.returncode == 0 and results_file.exists():
            return _read_results(results_file, files)
    # The process crashed. One file may have taken the others along.
    if len(files) > 1:
        return _reopen_one_by_one(files, images, outputs, file_size)
    return dict.fromkeys(files, ({"failure": _describe_crash(child)}, {}))


def run_in_fresh_process(request: Path) -> subprocess.CompletedProcess[str]:
    """Run `runtimes.py` on a request, in a process without accelerators.

    Args:
        request: a JSON file, as `runtimes.main` reads it.
    """
    return subprocess.run(
        [sys.executable, "-P", runtimes.__file__, str(request)],
        cwd=request.parent,
        env=os.environ | {"CUDA_VISIBLE_DEVICES": "-1"},
        capture_output=True,
        text=True,
        errors="replace",
    )


def _write_request(
    request: Path,
    files: Mapping[str, Path],
    images: np.ndarray,
    outputs: Sequence[str],
    file_size: Size,
) -> None:
    content = {
        "files": {name: str(files[name].resolve()) for name in files},
        "outputs": list(outputs),
        "file_size": file_size,
    }
    request.write_text(json.dumps(content), "utf-8")
    np.savez(request.with_name("images.npz"), images=images)


def _read_results(results_file: Path, names: Mapping[str, Path]) -> Reopened:
    results = json.loads(results_file.read_text("utf-8"))
    for name, failure in list_failures(results).items():
        results[name] = {"failure": f"can't be opened: {shorten(failure)}"}
    return {
        name: (
            results[name],
            _read_outputs(results_file.with_name(f"{name}.npz")),
        )
        for name in names
    }


def _reopen_one_by_one(files: Mapping[str, Path], *arguments: Any) -> Reopened:
    reopened: Reopened = {}
    for name, file in files.items():
        reopened |= reopen({name: file}, *arguments)
    return reopened


def _read_outputs(path: Path) -> dict[str, np.ndarray]:
    if not path.exists():
        return {}
    with np.load(path, allow_pickle=False) as outputs:
        return dict(outputs)


def _describe_crash(child: subprocess.CompletedProcess[str]) -> str:
    last_lines = "\n".join(child.stderr.splitlines()[-3:])
    return (
        "can't be opened: the process ended with status "
        f"{child.returncode}: {shorten(last_lines)}"
    )
