"""Retrieval data sets by name."""

import difflib
import logging
import os
import pathlib

import numpy as np

from ntaa_tf.data.retrieval.checks import check_splits
from ntaa_tf.data.retrieval.checks import warn_of_counts
from ntaa_tf.data.retrieval.checks import warn_of_single_images
from ntaa_tf.data.retrieval.grammar import Grammar
from ntaa_tf.data.retrieval.grammar import parse_names
from ntaa_tf.data.retrieval.sets import LIKE_MARKET
from ntaa_tf.data.retrieval.sets import SETS
from ntaa_tf.data.retrieval.sets import RetrievalSet
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews

logger = logging.getLogger(__name__)

MARKET_PREFIX = "market:"


def open_retrieval(name: str, data_dir: str | None = None) -> RawRetrieval:
    """Open a retrieval data set; decode nothing.

    Identities and cameras are read from file names. The images of a split lie
    directly in its folder. Hidden files and files that are not images are
    ignored. A warning is logged for sizes that differ from the published ones
    and for training identities with a single image.

    Args:
        name: a name in `SETS`, or `market:PATH` for any folder in
            Market-1501's layout: `PATH/bounding_box_train`, `PATH/query` and
            `PATH/bounding_box_test`, with images named
            `<identity>_c<camera>s<sequence>_<anything>`. Identity -1 marks
            junk, 0 distractors; both belong in the gallery only.
        data_dir: the folder of a data set in `SETS`, or the folder above it.

    Returns:
        The raw data set, its images in the order of their names.

    Raises:
        ValueError: if the data set is unknown, a folder is missing or empty,
            names of images do not match the grammar, training views or queries
            are junk or distractors, there are fewer than two training
            identities, or query or gallery have training identities.
    """
    source, root = _find(name, data_dir)
    raw = RawRetrieval(
        name,
        {
            split: _read_split(name, root / folder, source.grammar)
            for split, folder in source.folders.items()
        },
    )
    check_splits(raw)
    warn_of_counts(raw, source)
    warn_of_single_images(raw)
    return raw


def _find(name: str, data_dir: str | None) -> tuple[RetrievalSet, pathlib.Path]:
    if name.startswith(MARKET_PREFIX):
        path = pathlib.Path(name.removeprefix(MARKET_PREFIX)).expanduser()
        return LIKE_MARKET, _find_root(name, LIKE_MARKET, path)
    if name not in SETS:
        raise ValueError(_describe_unknown(name))
    if data_dir is None:
        raise ValueError(
            "Invalid value for `data_dir`. Expected "
            f"{_describe_layout(SETS[name])}. Received: None"
        )
    path = pathlib.Path(data_dir).expanduser()
    return SETS[name], _find_root(name, SETS[name], path)


def _describe_unknown(name: str) -> str:
    close = difflib.get_close_matches(name, SETS)
    suggestion = f" (did you mean {' or '.join(close)}?)" if close else ""
    return (
        f"Invalid value for `dataset`. Expected {', '.join(SETS)}, or "
        f"{MARKET_PREFIX}PATH. Received: {name!r}{suggestion}"
    )


def _describe_layout(source: RetrievalSet) -> str:
    """Describe the folder of a data set for a message."""
    folders = ", ".join(f"`{f}`" for f in source.folders.values() if f != ".")
    above = f", or a folder that has it as {', '.join(source.homes)}"
    return (
        f"{source.title} ({source.address}): a folder of "
        f"{f'{folders} with ' if folders else ''}images such as "
        f"`{source.grammar.example}`{above if source.homes else ''}"
    )


def _find_root(
    name: str, source: RetrievalSet, path: pathlib.Path
) -> pathlib.Path:
    # Known names come before the folder itself: a data set without folders
    # for its splits (".") seems to be in any existing folder.
    candidates = [*(path / home for home in source.homes), path]
    closest = min(candidates, key=lambda root: len(_list_missing(root, source)))
    missing = _list_missing(closest, source)
    if not missing:
        return closest
    if not path.is_dir():
        received = f"{path}, which is not a folder"
    elif len(missing) == len(source.folders):
        received = f"{path} without these folders"
    else:
        received = f"{closest} without {', '.join(missing)}"
    raise ValueError(
        f"Invalid data set `{name}`. Expected {_describe_layout(source)}. "
        f"Received: {received} (in {pathlib.Path.cwd()})"
    )


def _list_missing(root: pathlib.Path, source: RetrievalSet) -> list[str]:
    """List the folders of splits that a folder lacks."""
    return [
        folder
        for folder in source.folders.values()
        if not (root / folder).is_dir()
    ]


def _read_split(name: str, folder: pathlib.Path, grammar: Grammar) -> RawViews:
    parsed = parse_names(_list_files(folder), grammar, folder)
    if not parsed:
        raise ValueError(
            f"Invalid data set `{name}`. Expected images such as "
            f"`{grammar.example}` in {folder}. Received: no images"
        )
    identities, cameras = np.array(list(parsed.values()), np.int64).T
    return RawViews([folder / file for file in parsed], identities, cameras)


def _list_files(folder: pathlib.Path) -> list[str]:
    """List file names in order; log folders, which are ignored."""
    with os.scandir(folder) as entries:
        is_folder = {entry.name: entry.is_dir() for entry in entries}
    subfolders = sorted(
        entry
        for entry, is_one in is_folder.items()
        if is_one and not entry.startswith(".")
    )
    if subfolders:
        logger.warning(
            "Ignored %d folders in %s, first %s",
            len(subfolders),
            folder,
            subfolders[0],
        )
    return sorted(entry for entry, is_one in is_folder.items() if not is_one)
