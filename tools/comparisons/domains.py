"""Comparisons over several domains, each being the target once.

*single*: trained on one source, the best of them for each target. *combine*:
trained on all sources. *oracle*: trained on the target itself. Each is
averaged over the targets.

Source: NTAA, table VIII.
"""

import re
import statistics
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath
from typing import Any

from comparisons.results import ERROR
from comparisons.results import Table
from comparisons.results import describe
from comparisons.results import read_columns
from comparisons.runs import Contestant
from comparisons.runs import Run
from ntaa_tf.recipe.methods import ACROSS_DOMAINS

SINGLE, COMBINE, ORACLE = SETTINGS = ("single", "combine", "oracle")
# What the best of the single sources is chosen by: the source's own held-out
# images, or, as published tables seem to, the target's test images.
VALIDATION, TEST = CHOSEN_BY = ("validation", "test")

OWN_FLAGS = ("--dataset=", "--source_dataset=", "--source_data_dir=")
NEEDS_SOURCE = f"--method={ACROSS_DOMAINS}"

# The columns that were measured on each target, by its name.
Targets = Mapping[str, Mapping[str, float]]

# For each contestant, by its name, the targets of each seed.
ByTarget = Mapping[str, Mapping[int, Targets]]


@dataclass(frozen=True)
class Place:
    """One training of a contestant: from where to where.

    Args:
        contestant: what is compared.
        setting: one of `SETTINGS`.
        sources: data sets that are trained on.
        target: the data set that is measured on.
    """

    contestant: Contestant
    setting: str
    sources: tuple[str, ...]
    target: str

    @property
    def run_as(self) -> Contestant:
        """The contestant with the flags of this place, by a name of its own."""
        flags = [f"--dataset={self.target}"]
        words = [self.contestant.name, self.setting]
        if self.setting != ORACLE:
            flags.append(f"--source_dataset={','.join(self.sources)}")
        if self.setting == SINGLE:
            words.append(shorten(self.sources[0]))
        return Contestant(
            ".".join([*words, shorten(self.target)]),
            (*self.contestant.flags, *flags),
        )


def list_places(
    contestants: Sequence[Contestant],
    domains: Sequence[str],
    settings: Sequence[str],
    common: Sequence[str] = (),
) -> list[Place]:
    """List all trainings.

    Args:
        contestants: what is compared.
        domains: data sets of the same classes.
        settings: some of `SETTINGS`.
        common: flags that all runs have.

    Raises:
        ValueError: if there are fewer than two domains, or two of one name, a
            setting is unknown, or flags name data sets by themselves.
    """
    flags = [*common, *(flag for c in contestants for flag in c.flags)]
    _check_flags(flags, settings)
    names = [shorten(domain) for domain in domains]
    if len(domains) < 2 or len(set(names)) < len(names):
        raise ValueError(
            "Invalid value for `domains`. Expected at least two data sets with "
            f"different names. Received: {names}."
        )
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown or not settings:
        raise ValueError(
            f"Invalid value for `settings`. Expected some of {SETTINGS}. "
            f"Received: {unknown}."
        )
    return [
        Place(contestant, setting, sources, target)
        for contestant in contestants
        for setting in settings
        for target in domains
        for sources in _list_sources(setting, target, domains)
    ]


def take_best(
    places: Sequence[Place], runs: Sequence[Run], chosen_by: str
) -> dict[str, ByTarget]:
    """Read what was measured on each target; of single sources on the best.

    Args:
        places: all trainings.
        runs: those that are finished.
        chosen_by: one of `CHOSEN_BY`.

    Returns:
        For each setting, and in it each contestant, the seeds of which all
        targets are finished.
    """
    measured = {(r.contestant.name, r.seed): r.read_metrics() for r in runs}
    rows: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        row = place.setting, place.contestant.name
        rows.setdefault(row, []).append(place)
    settings: dict[str, dict[str, dict[int, Targets]]] = {}
    for seed in sorted({run.seed for run in runs}):
        for (setting, name), of in rows.items():
            keys = [(place.run_as.name, seed) for place in of]
            if all(key in measured for key in keys):
                found = [measured[key] for key in keys]
                of_name = settings.setdefault(setting, {}).setdefault(name, {})
                of_name[seed] = _choose(of, found, chosen_by)
    return {**settings}


def average(table: ByTarget) -> Table:
    """Average what was measured over the targets."""
    return {
        name: {seed: _average_columns(of) for seed, of in seeds.items()}
        for name, seeds in table.items()
    }


def list_targets(table: ByTarget) -> tuple[list[str], list[tuple[str, ...]]]:
    """Give the header and the rows of a table of errors by target."""
    seeds = [of for runs in table.values() for of in runs.values()]
    targets = list(seeds[0])
    return ["", "runs", *map(shorten, targets)], [
        (
            name,
            str(len(runs)),
            *(
                describe([of[target] for of in runs.values()], ERROR)
                for target in targets
            ),
        )
        for name, runs in table.items()
    ]


def shorten(domain: str) -> str:
    """Name a domain without the path of its folder.

    Example:
    >>> shorten("folder:data/real"), shorten("domainnet/real")
    ('real', 'real')
    """
    path = re.sub("^(folder|market):", "", domain)
    return PurePath(path).name.replace(":", "-")


def _check_flags(flags: Sequence[str], settings: Sequence[str]) -> None:
    """Raise a ValueError where flags do not go with domains and settings."""
    for flag in flags:
        if flag.startswith(OWN_FLAGS):
            raise ValueError(
                "Invalid value for `domains`. Expected no flag that names data "
                f"sets beside them. Received: {flag}."
            )
    if ORACLE in settings and NEEDS_SOURCE in flags:
        raise ValueError(
            "Invalid value for `settings`. Expected none of oracle with "
            f"{NEEDS_SOURCE}, which needs a source. Received: "
            f"{list(settings)}."
        )


def _list_sources(
    setting: str, target: str, domains: Sequence[str]
) -> Iterator[tuple[str, ...]]:
    others = tuple(domain for domain in domains if domain != target)
    if setting == SINGLE:
        yield from ((other,) for other in others)
    else:
        yield others if setting == COMBINE else (target,)


def _choose(
    places: Sequence[Place],
    measured: Sequence[Mapping[str, Any]],
    chosen_by: str,
) -> Targets:
    """Give for each target the columns of its best run."""
    best: dict[str, tuple[float, Mapping[str, float]]] = {}
    for place, metrics in zip(places, measured, strict=True):
        columns = read_columns(metrics)
        score = -columns[ERROR]
        if chosen_by == VALIDATION:
            score = metrics["adapted"][f"validation_{metrics['score']}"]
        if place.target not in best or score > best[place.target][0]:
            best[place.target] = score, columns
    return {target: columns for target, (_, columns) in best.items()}


def _average_columns(targets: Targets) -> dict[str, float]:
    found = list(targets.values())
    return {
        column: statistics.fmean(columns[column] for columns in found)
        for column in found[0]
    }
