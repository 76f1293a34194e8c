"""Comparisons over several domains, each of which is the target once.

There are three settings. *single*: trained on one source domain; the best
source counts for each target. *combine*: trained on all source domains.
*oracle*: trained on the target itself. Results are averaged over the targets.

Source: NTAA, table VIII.
"""

import re
import statistics
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import PurePath

from ntaa_tf.compare.contestants import Contestant
from ntaa_tf.compare.results import ERROR
from ntaa_tf.compare.results import Table
from ntaa_tf.compare.results import describe
from ntaa_tf.compare.results import read_columns
from ntaa_tf.compare.runs import Run
from ntaa_tf.compare.settings import COMBINE
from ntaa_tf.compare.settings import ORACLE
from ntaa_tf.compare.settings import SETTINGS
from ntaa_tf.compare.settings import SINGLE
from ntaa_tf.compare.settings import VALIDATION
from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.storage.run_metrics import RunMetrics

OWN_FLAGS = ("--dataset=", "--source_dataset=", "--source_data_dir=")
NEEDS_SOURCE = f"--method={ACROSS_DOMAINS}"

# For each target domain, by its name, the columns that were measured.
Targets = Mapping[str, Mapping[str, float]]

# For each contestant, by its name, the targets by seed.
ByTarget = Mapping[str, Mapping[int, Targets]]


@dataclass(frozen=True)
class Place:
    """One training of a contestant: its source domains and its target.

    Args:
        contestant: the contestant.
        setting: one of `SETTINGS`.
        sources: data sets for training.
        target: data set for testing.
    """

    contestant: Contestant
    setting: str
    sources: tuple[str, ...]
    target: str

    @property
    def run_as(self) -> Contestant:
        """The contestant with the flags of this training and a unique name."""
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
        contestants: the contestants.
        domains: data sets with the same classes.
        settings: some of `SETTINGS`.
        common: flags of all runs.

    Raises:
        ValueError: if there are fewer than two domains, or two with the same
            name; if a setting is unknown; or if a flag names a data set.
    """
    flags = [*common, *(flag for c in contestants for flag in c.flags)]
    _check_flags(flags, settings)
    names = [shorten(domain) for domain in domains]
    if len(domains) < 2 or len(set(names)) < len(names):
        raise ValueError(
            "--domains needs at least two data sets with different names. "
            f"Received: {names}."
        )
    unknown = sorted(set(settings) - set(SETTINGS))
    if unknown or not settings:
        raise ValueError(
            f"--settings needs some of {', '.join(SETTINGS)}. Received: "
            f"{list(settings)}."
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
    """Read the results on each target; in setting *single*, the best source's.

    Args:
        places: all trainings.
        runs: the finished runs.
        chosen_by: one of `CHOSEN_BY`.

    Returns:
        For each setting, for each contestant, the results by seed. A seed is
        left out unless all its targets are finished.
    """
    measured = {(r.contestant.name, r.seed): r.read_metrics() for r in runs}
    rows: dict[tuple[str, str], list[Place]] = {}
    for place in places:
        row = place.setting, place.contestant.name
        rows.setdefault(row, []).append(place)
    settings: dict[str, dict[str, dict[int, Targets]]] = {}
    for seed in sorted({run.seed for run in runs}):
        for (setting, name), trainings in rows.items():
            keys = [(place.run_as.name, seed) for place in trainings]
            if all(key in measured for key in keys):
                found = [measured[key] for key in keys]
                seeds = settings.setdefault(setting, {}).setdefault(name, {})
                seeds[seed] = _choose(trainings, found, chosen_by)
    return {**settings}


def average(table: ByTarget) -> Table:
    """Average each column over the targets."""
    return {
        name: {
            seed: _average_columns(targets) for seed, targets in seeds.items()
        }
        for name, seeds in table.items()
    }


def list_targets(table: ByTarget) -> tuple[list[str], list[tuple[str, ...]]]:
    """List the header and the rows of a table of errors by target."""
    first = next(iter(table.values()))
    targets = list(next(iter(first.values())))
    return ["", "runs", *map(shorten, targets)], [
        (
            name,
            str(len(runs)),
            *(
                describe([columns[target] for columns in runs.values()], ERROR)
                for target in targets
            ),
        )
        for name, runs in table.items()
    ]


def shorten(domain: str) -> str:
    """Return the name of a domain without the path of its folder.

    Example:
    >>> shorten("folder:data/real"), shorten("domainnet/real")
    ('real', 'real')
    """
    path = re.sub("^(folder|market):", "", domain)
    return PurePath(path).name.replace(":", "-")


def _check_flags(flags: Sequence[str], settings: Sequence[str]) -> None:
    """Raise a ValueError if a flag contradicts the domains or settings."""
    for flag in flags:
        if flag.startswith(OWN_FLAGS):
            raise ValueError(
                f"{flag} can't be used with --domains, which sets the data "
                "sets of each run. Remove it."
            )
    if ORACLE in settings and NEEDS_SOURCE in flags:
        raise ValueError(
            f"--settings={','.join(settings)} can't be used with "
            f"{NEEDS_SOURCE}, which needs a source domain. Choose "
            f"--settings={SINGLE},{COMBINE}."
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
    measured: Sequence[RunMetrics],
    chosen_by: str,
) -> Targets:
    """Return the columns of the best run for each target."""
    best: dict[str, tuple[float, Mapping[str, float]]] = {}
    for place, metrics in zip(places, measured, strict=True):
        columns = read_columns(metrics)
        score = -columns[ERROR]
        if chosen_by == VALIDATION:
            score = metrics.adapted.validation[metrics.score]
        if place.target not in best or score > best[place.target][0]:
            best[place.target] = score, columns
    return {target: columns for target, (_, columns) in best.items()}


def _average_columns(targets: Targets) -> dict[str, float]:
    found = list(targets.values())
    return {
        column: statistics.fmean(columns[column] for columns in found)
        for column in found[0]
    }
