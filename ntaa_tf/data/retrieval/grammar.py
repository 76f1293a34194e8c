"""Grammars of file names, from which identity and camera are read.

The pattern must match the whole file name, without folders. So a folder such
as `1_c2` above the images can't be mistaken for a view.
"""

import dataclasses
import pathlib
import re
from collections.abc import Iterable

from ntaa_tf.data.decode import SUFFIXES

MAX_NAMED = 5  # wrong names in an error message


@dataclasses.dataclass(frozen=True)
class Grammar:
    """The pattern of image names in a data set.

    Attributes:
        pattern: regular expression for the full name; its groups `identity`
            and `camera` match whole numbers.
        example: an image name that matches.
        parts: description of the parts of a name, for messages.
    """

    pattern: re.Pattern[str]
    example: str
    parts: str


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)  # `\d` means 0 to 9 only.


# The number of digits is bounded, so that all numbers fit int64.
MARKET = Grammar(
    _compile(
        r"(?P<identity>-1|\d{4})_c(?P<camera>[1-6])s\d+_\d+_\d+(?:\.jpg)+"
    ),
    "0002_c1s1_000451_03.jpg",
    "identity of 4 digits or -1, camera 1 to 6, sequence, frame, box",
)
# Users' folders in Market-1501's layout: any cameras, frames and formats.
LIKE_MARKET = Grammar(
    _compile(r"(?P<identity>-1|\d{1,9})_c(?P<camera>\d{1,4})(?:s\d+)?_.+"),
    MARKET.example,
    "identity or -1, camera, sequence if any, anything",
)
CUHK03 = Grammar(
    _compile(r"(?P<identity>\d{1,9})_c(?P<camera>\d)(?!\d).*\.(?:png|jpg)"),
    "0001_c1_1.png",
    "identity, camera of 1 digit, anything",
)
VERI = Grammar(
    _compile(r"(?P<identity>\d{4})_c(?P<camera>\d{3})_\d+_\d+\.jpg"),
    "0001_c001_00016450_0.jpg",
    "identity of 4 digits, camera of 3, frame, box",
)
VEHICLEX = Grammar(
    _compile(r"(?P<identity>\d{4})_c(?P<camera>\d{3})_\d+\.jpg"),
    "0001_c001_33.jpg",
    "identity of 4 digits, camera of 3, number",
)
PERSONX = Grammar(
    _compile(r"(?P<identity>\d{1,9})_c(?P<camera>\d{1,4})s\d+_\d+\.jpg"),
    "0001_c12s1_24.jpg",
    "identity, camera, sequence, number",
)


def parse_name(name: str, grammar: Grammar) -> tuple[int, int] | None:
    """Read identity and camera from a file name.

    Args:
        name: file name without folder.
        grammar: pattern of image names.

    Returns:
        Identity and camera; None if the file is hidden or has no suffix of an
        image.

    Raises:
        ValueError: if the name of an image does not match the grammar.

    Example:
    >>> parse_name("0002_c1s1_000451_03.jpg", SETS["market1501"].grammar)
    (2, 1)
    """
    return parse_names([name], grammar).get(name)


def parse_names(
    names: Iterable[str],
    grammar: Grammar,
    folder: pathlib.Path | None = None,
) -> dict[str, tuple[int, int]]:
    """Read identities and cameras from file names.

    Args:
        names: file names without folder.
        grammar: pattern of image names.
        folder: folder of the files, for messages.

    Returns:
        Identity and camera by name, in the order of `names`, without hidden
        files and files that are not images.

    Raises:
        ValueError: if names of images do not match the grammar; the message
            has their number and the first names.
    """
    images = [name for name in names if _is_image(name)]
    matches = {name: grammar.pattern.fullmatch(name) for name in images}
    wrong = [name for name, match in matches.items() if match is None]
    if wrong:
        raise ValueError(
            f"Invalid names of images{f' in {folder}' if folder else ''}. "
            f"Expected names such as `{grammar.example}` ({grammar.parts}). "
            f"Received: {len(wrong)} of {len(images)} names differ, first "
            f"{', '.join(wrong[:MAX_NAMED])}{_suggest(grammar, wrong)}"
        )
    return {
        name: (int(match["identity"]), int(match["camera"]))
        for name, match in matches.items()
        if match
    }


def _is_image(name: str) -> bool:
    return name.lower().endswith(tuple(SUFFIXES)) and not name.startswith(".")


def _suggest(grammar: Grammar, wrong: list[str]) -> str:
    """Suggest `market:PATH` for names that differ in their numbers only."""
    if grammar is MARKET and all(map(LIKE_MARKET.pattern.fullmatch, wrong)):
        return ". --dataset=market:PATH accepts these names"
    return ""
