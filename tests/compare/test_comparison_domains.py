"""Each domain is the target once; what is averaged, and who was chosen."""

import pytest
from measured import COSTS
from measured import make_metrics

from ntaa_tf.compare.contestants import Contestant
from ntaa_tf.compare.domains import average
from ntaa_tf.compare.domains import list_places
from ntaa_tf.compare.domains import list_targets
from ntaa_tf.compare.domains import take_best
from ntaa_tf.compare.results import ERROR
from ntaa_tf.compare.runs import list_runs
from ntaa_tf.storage.run_metrics import write_run_metrics

DOMAINS = ["folder:data/clipart", "domainnet/real", "folder:data/sketch"]
ALL = ("single", "combine", "oracle")
METHODS = [
    Contestant(name, (f"--method={name}",)) for name in ("finetune", "ntaa")
]


def keep_metrics(run, error, validation=0.5):
    scores = {"test_error": error, "validation_accuracy": validation}
    write_run_metrics(run.path, make_metrics(adapted=COSTS | scores))


def test_every_target_has_every_source_but_itself():
    places = list_places(METHODS[:1], DOMAINS, ALL)
    flags = {p.run_as.name: p.run_as.flags[1:] for p in places}
    assert len(flags) == 6 + 3 + 3
    assert flags["finetune.oracle.real"] == ("--dataset=domainnet/real",)
    assert flags["finetune.combine.real"] == (
        "--dataset=domainnet/real",
        "--source_dataset=folder:data/clipart,folder:data/sketch",
    )
    assert flags["finetune.single.sketch.clipart"] == (
        "--dataset=folder:data/clipart",
        "--source_dataset=folder:data/sketch",
    )


@pytest.mark.parametrize(
    ("chosen_by", "error"), [("validation", 9), ("test", 1)]
)
def test_the_best_single_source_is_chosen_and_targets_averaged(
    chosen_by, error, tmp_path
):
    """By validation the first source of each target, by test the second."""
    places = list_places(METHODS[:1], DOMAINS, ["single"])
    runs = list_runs([p.run_as for p in places], 1, tmp_path, [])
    for number, run in enumerate(runs):
        is_second = number % 2
        keep_metrics(run, 1 if is_second else 9, 0.1 if is_second else 0.9)
    table = take_best(places, runs, chosen_by)["single"]
    assert average(table)["finetune"][0][ERROR] == error


def test_a_seed_counts_when_all_its_targets_are_there(tmp_path):
    places = list_places(METHODS, DOMAINS, ["oracle"])
    runs = list_runs([p.run_as for p in places], 2, tmp_path, [])
    for number, run in enumerate(runs):
        keep_metrics(run, number)
    first = [run for run in runs if run.seed == 0]
    tables = take_best(places, [*first, runs[-1]], "validation")
    assert list(tables) == ["oracle"]
    table = average(tables["oracle"])
    errors = {name: of[0][ERROR] for name, of in table.items()}
    assert errors == {"finetune": 1, "ntaa": 4}
    assert all(list(of) == [0] for of in table.values())


def test_errors_are_told_for_each_target(tmp_path):
    """Runs are seed after seed: of the first target 0 and 3, and so on."""
    places = list_places(METHODS[:1], DOMAINS, ["oracle"])
    runs = list_runs([p.run_as for p in places], 2, tmp_path, [])
    for number, run in enumerate(runs):
        keep_metrics(run, number)
    header, rows = list_targets(take_best(places, runs, "test")["oracle"])
    assert header == ["", "runs", "clipart", "real", "sketch"]
    assert rows == [("finetune", "2", "1.5 ± 2.1", "2.5 ± 2.1", "3.5 ± 2.1")]


def test_flags_that_name_data_sets_by_themselves_are_refused():
    with pytest.raises(ValueError, match=r"=x can't be used with --domains"):
        list_places(METHODS, DOMAINS, ALL, ["--source_dataset=x"])
    bilevel = [Contestant("bilevel", ("--method=bilevel",))]
    with pytest.raises(ValueError, match=r"bilevel, which needs a source"):
        list_places(bilevel, DOMAINS, ALL)
    assert list_places(bilevel, DOMAINS, ["single", "combine"])


@pytest.mark.parametrize(
    ("domains", "settings", "message"),
    [
        (DOMAINS[:1], ALL, r"--domains needs at least two"),
        (["folder:a/x", "folder:b/x"], ALL, r"--domains.*different names"),
        (DOMAINS, ["both"], r"--settings needs some of .*'both'"),
        (DOMAINS, [], r"--settings needs some of"),
    ],
)
def test_domains_and_settings_are_checked(domains, settings, message):
    with pytest.raises(ValueError, match=message):
        list_places(METHODS, domains, settings)
