"""Missing runs are executed, finished ones kept, failures reported."""

import json
import os
import signal
import sys
import threading
import time

import pytest
from measured import make_metrics

from ntaa_tf.command_line import end
from ntaa_tf.compare import runs as runs_module
from ntaa_tf.compare.contestants import Contestant
from ntaa_tf.compare.contestants import list_contestants
from ntaa_tf.compare.execution import run_missing
from ntaa_tf.compare.plan import EACH_FOLD
from ntaa_tf.compare.runs import list_runs
from ntaa_tf.storage.files import write_json

METRICS = json.dumps(make_metrics(adapted={"test_error": 5.0}).to_json())


@pytest.fixture
def started(monkeypatch):
    """Let runs be a process that only writes metrics, or fails."""
    started = []

    def command(run):
        started.append((run.contestant.name, run.seed))
        code = (
            f"import os, pathlib; path = pathlib.Path({str(run.path)!r}); "
            "path.mkdir(parents=True, exist_ok=True); "
            f"(path / 'metrics.json').write_text({METRICS!r}); "
            "threads = os.environ.get('TF_NUM_INTRAOP_THREADS', ''); "
            "(path / 'threads').write_text(threads)"
        )
        if run.contestant.name == "broken":
            code = "raise SystemExit('why it failed')"
        return [sys.executable, "-c", code]

    monkeypatch.setattr(runs_module.Run, "command", property(command))
    return started


def make_runs(tmp_path, *variants, seeds=2):
    contestants = list_contestants(["ntaa"], variants)
    return list_runs(contestants, seeds, tmp_path, ["--smoke"])


def test_a_run_s_command_has_all_its_flags(tmp_path):
    _, run, *_ = make_runs(tmp_path, "slow --method=ntaa --learning_rate=0.1")
    assert run.command[1:] == [
        *("-m", "ntaa_tf.adapt", "--smoke"),
        *("--method=ntaa", "--learning_rate=0.1"),
        *("--baseline=false", "--seed=0"),
        f"--workdir={tmp_path}/slow/seed0",
    ]


def test_a_run_may_read_what_another_of_its_seed_left(tmp_path):
    given = "--architecture={workdir}/ntaa/seed{seed}/search/architecture.json"
    runs = make_runs(tmp_path, f"retrain --method=retrain {given}")
    assert (
        f"--architecture={tmp_path}/ntaa/seed1/search/architecture.json"
        in runs[-1].command
    )


def test_each_run_may_be_tested_on_a_fold_of_its_own(tmp_path):
    contestants = list_contestants(["ntaa", "finetune"], [])
    runs = list_runs(contestants, 3, tmp_path, [EACH_FOLD])
    assert [run.command[3] for run in runs[::2]] == [
        *("--fold=0", "--fold=1", "--fold=2")
    ]


@pytest.mark.parametrize("jobs", [1, 3])
def test_only_what_is_missing_is_run(jobs, tmp_path, started):
    runs = make_runs(tmp_path, "other --method=finetune")
    write_json(runs[1].path / "metrics.json", {})
    assert run_missing(runs, jobs) == []
    assert sorted(started) == [("ntaa", 0), ("ntaa", 1), ("other", 1)]
    assert all(run.is_finished for run in runs)
    assert run_missing(runs, jobs) == []
    assert len(started) == 3


@pytest.mark.parametrize(("jobs", "threads"), [(1, ""), (2, "4"), (20, "1")])
def test_processes_share_the_cores(
    jobs, threads, tmp_path, started, monkeypatch
):
    monkeypatch.setattr(os, "cpu_count", lambda: 8)
    monkeypatch.delenv("TF_NUM_INTRAOP_THREADS", raising=False)
    runs = make_runs(tmp_path, "other --method=finetune")
    run_missing(runs, jobs)
    assert {(run.path / "threads").read_text() for run in runs} == {threads}


def test_a_failure_is_told_and_stops_no_other(tmp_path, started, caplog):
    runs = make_runs(tmp_path, "broken --method=finetune", seeds=1)
    (failed,) = run_missing(runs, 1)
    assert failed.contestant.name == "broken"
    assert "why it failed" in caplog.text
    assert runs[0].is_finished


@pytest.mark.parametrize("jobs", [1, 2])
def test_stopping_ends_what_runs_and_begins_no_more(
    jobs, tmp_path, monkeypatch
):
    begun = tmp_path / "begun"
    begun.mkdir()

    def command(run):
        path = str(begun / f"{run.contestant.name}{run.seed}")
        code = f"open({path!r}, 'w'); import time; time.sleep(60)"
        return [sys.executable, "-c", code]

    def terminate():
        while len(list(begun.iterdir())) < jobs:
            time.sleep(0.01)
        os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(runs_module.Run, "command", property(command))
    runs = make_runs(tmp_path, "other --method=finetune", seeds=jobs)
    threading.Thread(target=terminate).start()
    assert end(lambda: bool(run_missing(runs, jobs))) == 143
    assert len(list(begun.iterdir())) == jobs


def test_other_flags_by_the_same_name_are_refused(tmp_path):
    make_runs(tmp_path, "slow --learning_rate=0.1")
    with pytest.raises(ValueError, match=r"slow was run with .*1.*given .*2"):
        make_runs(tmp_path, "slow --learning_rate=0.2")
    make_runs(tmp_path, "new --learning_rate=0.2")


@pytest.mark.parametrize("text", ["", "--flag", "a/b --x", "..", "a x=1"])
def test_a_variant_is_a_name_and_flags(text):
    with pytest.raises(ValueError, match=r"--variant needs a name and flags"):
        Contestant.parse(text)


@pytest.mark.parametrize(
    ("methods", "variants"),
    [([], []), (["ntaa"], []), (["ntaa"], ["ntaa --x"])],
)
def test_contestants_are_two_at_least_and_differ(methods, variants):
    with pytest.raises(ValueError, match=r"two different\s+names"):
        list_contestants(methods, variants)


def test_a_common_flag_is_given_to_those_that_use_it(tmp_path):
    """A method would refuse it; but a flag that none uses is to be refused."""
    contestants = list_contestants(["ntaa", "finetune"], [])
    common = ["--max_macs=0.5x", "--price=0.2", "--stripes=3"]
    ntaa, finetune = list_runs(contestants, 1, tmp_path, common)
    assert set(common) <= set(ntaa.command)
    assert set(common) & set(finetune.command) == {"--stripes=3"}


@pytest.mark.parametrize(
    ("common", "message"),
    [
        (["--tune=3"], "--tune is --learning_rate_trials now"),
        (["--confidence", "0.1"], r"Unexpected words .*: 0.1. Write flags as"),
    ],
)
def test_wrong_common_flags_leave_the_directory_free(tmp_path, common, message):
    contestants = list_contestants(["ntaa", "finetune"], [])
    with pytest.raises(ValueError, match=message):
        list_runs(contestants, 1, tmp_path, common)
    assert list_runs(contestants, 1, tmp_path, ["--confidence=0.1"])
