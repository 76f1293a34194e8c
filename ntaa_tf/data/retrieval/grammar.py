"""Who is seen by which camera, read from the name of a file alone.

The whole of the name has to match, and nothing but the name is looked at: a
folder such as `1_c2` above the images can't be mistaken for a view.
"""

import dataclasses
import pathlib
import re
from collections.abc import Iterable

from ntaa_tf.data.decode import SUFFIXES

WRONG_NAMED = 5


@dataclasses.dataclass(frozen=True)
class Grammar:
    """How the images of a data set are named.

    Attributes:
        pattern: what a name has to match in full; its groups `identity` and
            `camera` are whole numbers.
        example: a name that matches.
        parts: what it is made of.
    """

    pattern: re.Pattern[str]
    example: str
    parts: str


def _compile(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern, re.ASCII)  # The digits 0 to 9 and no others.


# Repeats of digits are bounded, so that what matches fits an int64.
MARKET = Grammar(
    _compile(
        r"(?P<identity>-1|\d{4})_c(?P<camera>[1-6])s\d+_\d+_\d+(?:\.jpg)+"
    ),
    "0002_c1s1_000451_03.jpg",
    "identity of 4 digits or -1, camera 1 to 6, sequence, frame, box",
)
# Folders that only follow Market-1501 have other cameras, frames and formats.
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
    """Reads an identity and a camera from the name of a file.

    Args:
        name: the name, without any folder.
        grammar: how images are named.

    Returns:
        The identity and the camera, or None for a file to pass over: a hidden
        one, or one that isn't an image by its suffix.

    Raises:
        ValueError: if this is an image and not named as images are.

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
    """Reads identities and cameras from the names of files.

    Args:
        names: the names, without any folder.
        grammar: how images are named.
        folder: where the files are, for the message.

    Returns:
        The identity and the camera by the image's name, in the order of
        `names`, without the files to pass over.

    Raises:
        ValueError: if images aren't named as images are; says how many, and
            names the first.
    """
    images = [name for name in names if _is_image(name)]
    matches = {name: grammar.pattern.fullmatch(name) for name in images}
    wrong = [name for name, match in matches.items() if match is None]
    if wrong:
        raise ValueError(
            f"Invalid names of images{f' in {folder}' if folder else ''}. "
            f"Expected names such as `{grammar.example}` ({grammar.parts}). "
            f"Received: {len(wrong)} of {len(images)} that are not, the first "
            f"being {', '.join(wrong[:WRONG_NAMED])}{_suggest(grammar, wrong)}"
        )
    return {
        name: (int(match["identity"]), int(match["camera"]))
        for name, match in matches.items()
        if match
    }


def _is_image(name: str) -> bool:
    return name.lower().endswith(tuple(SUFFIXES)) and not name.startswith(".")


def _suggest(grammar: Grammar, wrong: list[str]) -> str:
    """Name what takes names that are Market-1501's but for their numbers."""
    if grammar is MARKET and all(map(LIKE_MARKET.pattern.fullmatch, wrong)):
        return ". --dataset=market:PATH takes such names"
    return ""
