"""The plan of a comparison: its runs, and how their results are compared."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ntaa_tf.compare.contestants import Contestant
from ntaa_tf.compare.domains import Place
from ntaa_tf.compare.domains import list_places
from ntaa_tf.compare.runs import Run
from ntaa_tf.compare.runs import list_runs
from ntaa_tf.compare.settings import SETTINGS
from ntaa_tf.compare.settings import VALIDATION

EACH_FOLD = "--fold={seed}"


@dataclass(frozen=True)
class Plan:
    """The runs of a comparison, and how their results are compared.

    Args:
        runs: all runs.
        against: contestant that the others are compared with.
        about: the comparison, in a sentence.
        places: trainings by domain; none on a single data set.
        single_by: split that chooses the best single source.
    """

    runs: Sequence[Run]
    against: str
    about: str
    places: Sequence[Place] = ()
    single_by: str = VALIDATION


def plan_seeds(
    contestants: Sequence[Contestant],
    against: str | None,
    workdir: Path,
    common: Sequence[str],
    seeds: int,
    folds: int | None = None,
) -> Plan:
    """Plan runs of each contestant on one data set.

    Args:
        contestants: the contestants.
        against: the one that the others are compared with; by default the
            first.
        workdir: directory of the comparison.
        common: flags of all runs.
        seeds: number of runs of each contestant.
        folds: number of folds, each the test split of one run; instead of
            `seeds`.

    Raises:
        ValueError: if `against` is no contestant, or the flags of a run are
            wrong.
    """
    against = _choose_against(contestants, against)
    shared = f"{seeds} seeds"
    if folds:
        common, seeds = [*common, EACH_FOLD], folds
        shared = f"{folds} folds"
    names = ", ".join(contestant.name for contestant in contestants)
    about = f"{names}, on the same data with the same {shared}."
    return Plan(list_runs(contestants, seeds, workdir, common), against, about)


def plan_domains(
    contestants: Sequence[Contestant],
    against: str | None,
    workdir: Path,
    common: Sequence[str],
    seeds: int,
    domains: Sequence[str],
    settings: Sequence[str] = SETTINGS,
    single_by: str = VALIDATION,
) -> Plan:
    """Plan runs of each contestant, with every domain as the target once.

    Args:
        contestants: the contestants.
        against: as of `plan_seeds`.
        workdir: directory of the comparison.
        common: flags of all runs.
        seeds: number of runs of each contestant, setting and target.
        domains: data sets with the same classes.
        settings: some of `SETTINGS`.
        single_by: split that chooses the best single source.

    Raises:
        ValueError: as of `plan_seeds` and `list_places`.
    """
    against = _choose_against(contestants, against)
    places = list_places(contestants, domains, settings, common)
    runs = list_runs([p.run_as for p in places], seeds, workdir, common)
    about = (
        f"Means over {len(domains)} domains, each of which is the target once."
    )
    return Plan(runs, against, about, places, single_by)


def _choose_against(
    contestants: Sequence[Contestant], against: str | None
) -> str:
    """Return the contestant that the others are compared with."""
    names = [contestant.name for contestant in contestants]
    if against and against not in names:
        raise ValueError(
            f"--against={against} is not compared. Choose one of "
            f"{', '.join(names)}."
        )
    return against or names[0]
