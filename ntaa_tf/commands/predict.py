"""Predict images with the adapted model of a run, from the command line.

    ntaa predict --model=runs/clothes photo.jpg photos/
    ntaa predict --model=runs/clothes --format=csv photos/

The words are image files, and directories whose image files are taken.
"""

import csv
import json
import sys
from collections.abc import Iterable
from typing import TYPE_CHECKING
from typing import Any

from absl import app
from absl import flags
from absl import logging as absl_logging

from ntaa_tf.command_line import Heading
from ntaa_tf.command_line import end
from ntaa_tf.command_line import make_parser
from ntaa_tf.command_line.quiet_import import import_tensorflow

if TYPE_CHECKING:
    from ntaa_tf.export.prediction import Prediction

HEADING = Heading(
    "Prediction",
    {
        "model": "run directory of the adapted model",
        "format": "table, csv, or json",
        "top": "number of classes in the table",
        "batch_size": "images in a batch",
    },
)
TABLE, CSV, JSON = FORMATS = ("table", "csv", "json")


def define_flags() -> None:
    """Define the flags."""
    flags.DEFINE_string("model", None, "Run directory of the adapted model.")
    flags.DEFINE_enum(
        "format",
        TABLE,
        FORMATS,
        "Form of the answer: a table for people, or CSV or JSON lines with "
        "all classes. Embeddings have no table.",
    )
    flags.DEFINE_integer(
        "top", 1, "Number of classes in the table.", lower_bound=1
    )
    flags.DEFINE_integer(
        "batch_size", 32, "Number of images in a batch.", lower_bound=1
    )


def main(arguments: list[str]) -> int:
    """Predict the images that the words name.

    Returns:
        The exit status, see `ntaa_tf.command_line.end`.
    """
    absl_logging.set_verbosity(absl_logging.ERROR)
    return end(lambda: _answer(arguments[1:]))


def _answer(words: list[str]) -> None:
    """Print the predictions."""
    flag = flags.FLAGS
    model: Any = flag["model"].value
    if not model:
        raise ValueError("--model=DIRECTORY is needed: the directory of a run.")
    if not words:
        raise ValueError("Name image files, or directories with images.")
    import_tensorflow()
    from ntaa_tf.export.prediction import predict

    found = predict(model, words, flag.batch_size)
    write = {TABLE: _write_table, CSV: _write_csv, JSON: _write_json}
    write[flag["format"].value](found)


def _write_table(found: Iterable["Prediction"]) -> None:
    top: int = flags.FLAGS.top
    for each in found:
        if each.embedding is not None:
            raise ValueError(
                "Embeddings have no table. Choose --format=csv or json."
            )
        several = len(each.probabilities) > 1
        answers = [
            f"{f'{output}: ' if several else ''}{name} {100 * share:.1f} %"
            for output, shares in each.probabilities.items()
            for name, share in list(shares.items())[:top]
        ]
        print("  ".join([str(each.file), *answers]))


def _write_csv(found: Iterable["Prediction"]) -> None:
    writer = csv.writer(sys.stdout)
    header: list[str] = []
    for each in found:
        row = _flatten(each)
        if not header:
            header = sorted(row)
            writer.writerow(["file", *header])
        writer.writerow([each.file, *(row[name] for name in header)])


def _flatten(each: "Prediction") -> dict[str, float]:
    """Return the numbers of one image by column."""
    if each.embedding is not None:
        numbered = enumerate(each.embedding.tolist())
        return {f"embedding_{index:04}": value for index, value in numbered}
    return {
        f"{output}/{name}": share
        for output, shares in each.probabilities.items()
        for name, share in shares.items()
    }


def _write_json(found: Iterable["Prediction"]) -> None:
    for each in found:
        line: dict[str, Any] = {"file": str(each.file)}
        if each.embedding is not None:
            line["embedding"] = each.embedding.tolist()
        print(json.dumps(line | each.probabilities))


def start() -> None:
    """Define the flags, parse the command line, and end with its status."""
    define_flags()
    app.run(main, flags_parser=make_parser(__doc__, [HEADING]))
