"""Adience, a data set of faces with age and gender in five folds."""

import csv
import logging
import pathlib
from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.attributes.raw import RawAttributes
from ntaa_tf.data.attributes.table import MISSING
from ntaa_tf.data.attributes.table import Attribute
from ntaa_tf.data.attributes.table import AttributeTable
from ntaa_tf.data.attributes.table import build_table
from ntaa_tf.data.raw import RawSplit

logger = logging.getLogger(__name__)

NAME = "adience"
FOLDS = 5
FACES = "aligned"
COLUMNS = ("user_id", "original_image", "face_id", "age", "gender")
AGE = Attribute(
    "age",
    (
        *("(0, 2)", "(4, 6)", "(8, 12)", "(15, 20)"),
        *("(25, 32)", "(38, 43)", "(48, 53)", "(60, 100)"),
    ),
    is_ordinal=True,
)
GENDER = Attribute("gender", ("m", "f"))
TARGETS = {"age": (AGE,), "gender": (GENDER,), "both": (AGE, GENDER)}
# Number of faces with known age or gender in each published fold.
PUBLISHED = {
    "age": (4316, 3101, 3339, 2975, 3693),
    "gender": (4007, 3624, 3191, 3318, 3463),
}

Row = dict[str, str]


def open_adience(
    data_dir: str | None, target: str = "both", fold: int = 0
) -> RawAttributes:
    """Open Adience in its distributed form; decode nothing.

    The published evaluation has eight ages. Any other age, such as `35` or
    `(38, 42)`, counts as missing. Images without any known attribute are
    dropped. If the number of faces in a fold differs from the published one, a
    warning is logged.

    Args:
        data_dir: the folder with `fold_0_data.txt` to `fold_4_data.txt` and
            `aligned`, or the folder above it.
        target: `age`, `gender` or `both`.
        fold: the test fold, 0 to 4; the other four are for training.

    Returns:
        The raw data set. All images of one face are a group.

    Raises:
        ValueError: if the target or the fold is unknown, or files are missing.

    Source: Eidinger et al., "Age and Gender Estimation of Unfiltered Faces".
    The evaluation follows Levi and Hassner, "Age and Gender Classification
    using Convolutional Neural Networks".
    """
    if target not in TARGETS:
        raise ValueError(
            f"Invalid value for `target`. Expected one of {list(TARGETS)} for "
            f"{NAME}. Received: {target!r}"
        )
    if not 0 <= fold < FOLDS:
        raise ValueError(
            f"Invalid value for `fold`. Expected 0 to {FOLDS - 1} for {NAME}. "
            f"Received: {fold}"
        )
    root = _find_root(data_dir)
    attributes = TARGETS[target]
    rows_of_folds = [_read(root, index) for index in range(FOLDS)]
    rows = [row for fold_rows in rows_of_folds for row in fold_rows]
    folds = np.repeat(np.arange(FOLDS), list(map(len, rows_of_folds)))
    table, labels = build_table(
        attributes, [[row[a.name] for a in attributes] for row in rows]
    )
    _warn_of_counts(table, labels, folds)
    return _make_splits(root, rows, table, labels, folds == fold)


def _make_splits(
    root: pathlib.Path,
    rows: Sequence[Row],
    table: AttributeTable,
    labels: np.ndarray,
    is_tested: np.ndarray,
) -> RawAttributes:
    kept = np.flatnonzero((table.rows[labels] != MISSING).any(axis=1))
    faces = {index: _locate(root, rows[index]) for index in kept.tolist()}
    missing = [face for face in faces.values() if not face.is_file()]
    if missing:
        raise ValueError(
            f"Invalid data set `{NAME}`. Expected all listed faces in "
            f"`{FACES}`. Received: {len(missing)} of {len(kept)} missing, "
            f"first {missing[0]}"
        )
    train, test = kept[~is_tested[kept]], kept[is_tested[kept]]
    splits = {
        name: RawSplit([faces[index] for index in indices], labels[indices])
        for name, indices in (("train", train), ("test", test))
    }
    _, groups = np.unique(
        [rows[index]["face_id"] for index in train.tolist()],
        return_inverse=True,
    )
    return RawAttributes(NAME, table, splits, groups)


def _locate(root: pathlib.Path, row: Row) -> pathlib.Path:
    face = f"landmark_aligned_face.{row['face_id']}.{row['original_image']}"
    return root / FACES / row["user_id"] / face


def _read(root: pathlib.Path, fold: int) -> list[Row]:
    path = _locate_list(root, fold)
    with path.open(encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", restval="")
        columns = list(reader.fieldnames or ())
        if set(COLUMNS) - set(columns):
            raise ValueError(
                f"Invalid data set `{NAME}`. Expected the columns {COLUMNS} "
                f"separated by tabs in {path}. Received: {columns}"
            )
        return list(reader)


def _locate_list(root: pathlib.Path, fold: int) -> pathlib.Path:
    return root / f"fold_{fold}_data.txt"


def _find_root(data_dir: str | None) -> pathlib.Path:
    above = pathlib.Path(data_dir or "").expanduser()
    for root in (above, above / NAME) if data_dir else ():
        lists = [_locate_list(root, fold) for fold in range(FOLDS)]
        if (root / FACES).is_dir() and all(map(pathlib.Path.is_file, lists)):
            return root
    raise ValueError(
        f"Invalid value for `data_dir`. Expected the folder of {NAME}, with "
        f"fold_0_data.txt to fold_{FOLDS - 1}_data.txt and `{FACES}`, or the "
        f"folder above it. Received: {data_dir}"
    )


def _warn_of_counts(
    table: AttributeTable, labels: np.ndarray, folds: np.ndarray
) -> None:
    for column, attribute in enumerate(table.attributes):
        is_known = table.rows[labels, column] != MISSING
        counts = tuple(np.bincount(folds[is_known], minlength=FOLDS).tolist())
        published = PUBLISHED[attribute.name]
        if counts != published:
            logger.warning(
                "%s: the published folds have %s faces of known %s. Received: "
                "%s",
                *(NAME, published, attribute.name, counts),
            )
