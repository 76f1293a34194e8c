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
    """Opens a retrieval data set; decodes nothing.

    Identities and cameras are read from the files' names. A split's images lie
    in its folder, not in folders below it; hidden files and files that are not
    images are passed over. Sizes that differ from the official ones, and
    identities with a single training image, are logged as warnings.

    Args:
        name: a name in `SETS`, or `market:PATH` for any folder in
            Market-1501's layout: `PATH/bounding_box_train`, `PATH/query` and
            `PATH/bounding_box_test`, with images named
            `<identity>_c<camera>s<sequence>_<anything>`. Identity -1 marks
            junk, 0 distractors; both belong in the gallery.
        data_dir: for a name in `SETS`, its folder or the one above it.

    Returns:
        The data set as it is found, its images in the order of their names.

    Raises:
        ValueError: if there is no such data set, a folder of it is missing or
            holds no images, images are not named as its images are, junk or
            distractors are to be learnt from or asked for, there are fewer
            than two identities to learn from, or some of them are tested too.
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
    folders = ", ".join(f"`{f}`" for f in source.folders.values() if f != ".")
    above = f", or a folder above it that calls it {', '.join(source.homes)}"
    return (
        f"{source.title} ({source.address}): a folder of "
        f"{f'{folders} with ' if folders else ''}images such as "
        f"`{source.grammar.example}`{above if source.homes else ''}"
    )


def _find_root(
    name: str, source: RetrievalSet, path: pathlib.Path
) -> pathlib.Path:
    # The usual names first: any folder at all looks like a flat data set's.
    candidates = [*(path / home for home in source.homes), path]
    closest = min(candidates, key=lambda root: len(_list_missing(root, source)))
    missing = _list_missing(closest, source)
    if not missing:
        return closest
    received = (
        f"{closest} without {', '.join(missing)}"
        if len(missing) < len(source.folders)
        else f"{path}, which is {'none' if path.is_dir() else 'no folder'}"
    )
    raise ValueError(
        f"Invalid data set `{name}`. Expected {_describe_layout(source)}. "
        f"Received: {received} (in {pathlib.Path.cwd()})"
    )


def _list_missing(root: pathlib.Path, source: RetrievalSet) -> list[str]:
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
            f"`{grammar.example}` in {folder}. Received: none"
        )
    identities, cameras = np.array(list(parsed.values()), np.int64).T
    return RawViews([folder / file for file in parsed], identities, cameras)


def _list_files(folder: pathlib.Path) -> list[str]:
    with os.scandir(folder) as entries:
        is_folder = {entry.name: entry.is_dir() for entry in entries}
    below = sorted(
        entry
        for entry, is_one in is_folder.items()
        if is_one and not entry.startswith(".")
    )
    if below:
        logger.warning(
            "Passed over %d folders in %s, the first being %s",
            len(below),
            folder,
            below[0],
        )
    return sorted(entry for entry, is_one in is_folder.items() if not is_one)
