"""The command line as its users meet it: whole processes."""

import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from pathlib import Path

import keras
import numpy as np
import pytest
from absl import flags

from ntaa_tf.commands.adapt import HEADINGS
from ntaa_tf.commands.adapt import define_flags

COMMAND = [sys.executable, "-m", "ntaa_tf.adapt"]
SHORT = [
    "--nobaseline",
    "--search_epochs=4",
    "--finetune_epochs=4",
    "--train_examples=128",
    "--price=0",  # So few images judge nothing.
]


def adapt(*flags, cwd=None, **kwargs):
    return subprocess.run(
        [*COMMAND, *flags],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=600,
        **kwargs,
    )


def read_metrics(workdir):
    return json.loads((workdir / "metrics.json").read_text())


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """The embedded default, shortened, from beginning to end."""
    workdir = tmp_path_factory.mktemp("run") / "work"
    result = adapt(*SHORT[1:], f"--workdir={workdir}")
    assert result.returncode == 0, result.stderr
    return workdir, result


def test_a_run_leaves_what_was_promised(finished):
    workdir, _ = finished
    for name in (
        "recipe.json",
        "search/architecture.json",
        "search/probability_course.json",
        "evaluate/confusions.json",
        "search/tensorboard/architecture",
        "finetune/tensorboard",
        "adapted.keras",
        "export/saved_model/saved_model.pb",
        "metrics.json",
        "report.html",
        "architecture.png",
        "architecture.svg",
        "baseline.keras",
        "searched.keras",
        "labels.json",
        "evaluate/scores.npz",
    ):
        assert (workdir / name).exists(), name
    assert not list(workdir.rglob(".unfinished-*"))


def test_metrics_hold_what_was_measured(finished):
    metrics = read_metrics(finished[0])
    for name in ("source", "searched", "baseline"):
        for cost in ("parameters", "macs", "depth", "latency_ms"):
            assert metrics[name][cost]
    assert metrics["adapted"]["test_accuracy"] > 0.5
    chosen = metrics["hand_over"]["handed_over"]
    assert metrics["adapted"] == metrics[chosen]
    assert metrics["export_difference"] <= 1e-4
    assert metrics["collapse_difference"] <= 1e-4
    assert metrics["gap"]["supernet"] == metrics["gap"]["argmax"]
    assert set(metrics["seconds"]) == {
        "source",
        "baseline",
        "search",
        "finetune",
        "hand_over",
        "evaluate",
        "export",
    }
    assert metrics["seed"] == 0
    assert metrics["versions"]["keras"] == keras.__version__


def test_the_table_compares_with_plain_finetuning(finished):
    output = finished[1].stdout
    assert "plain finetuning" in output
    assert "NTAA" in output


def test_the_adapted_model_takes_raw_images(finished):
    model = keras.models.load_model(finished[0] / "adapted.keras")
    images = np.random.default_rng(0).integers(256, size=(2, 16, 16, 3))
    logits = model(images.astype("uint8"))
    np.testing.assert_allclose(logits, model(images.astype("float32")))
    assert logits.shape == (2, 5)


def test_the_same_command_again_only_shows_the_result(finished):
    workdir, first = finished
    before = (workdir / "adapted.keras").stat().st_mtime_ns
    again = adapt(*SHORT[1:], f"--workdir={workdir}")
    assert again.returncode == 0
    assert first.stdout.endswith(again.stdout)
    assert "plain finetuning (" in again.stdout
    assert f"report: {workdir}/report.html" in again.stdout
    assert (workdir / "adapted.keras").stat().st_mtime_ns == before


def test_another_recipe_in_the_same_place_is_refused(finished):
    workdir, _ = finished
    before = sorted(path.stat().st_mtime_ns for path in workdir.rglob("*"))
    result = adapt(f"--workdir={workdir}", "--seed=3", "--sites=spatial")
    assert result.returncode == 2
    assert "seed: 0 there, 3 now" in result.stderr
    assert "sites: 'all' there, 'spatial' now" in result.stderr
    after = sorted(path.stat().st_mtime_ns for path in workdir.rglob("*"))
    assert after == before


def kill_when(workdir, pattern, *flags):
    """Start a run, and kill it once a file matches the pattern."""
    log = workdir.parent / "killed.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [*COMMAND, *flags, f"--workdir={workdir}"],
            stdout=output,
            stderr=output,
        )
        begin = time.monotonic()
        while not list(workdir.glob(pattern)):
            assert process.poll() is None, log.read_text()
            assert time.monotonic() - begin < 300, log.read_text()
            time.sleep(0.02)
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
    assert not (workdir / "metrics.json").exists()


def test_a_killed_run_goes_on_to_the_same_end(finished, tmp_path):
    """A baseline beside it, as the whole one has, changes nothing."""
    (whole, _), killed = finished, tmp_path / "killed"
    kill_when(killed, "search/checkpoints/epoch-2.index", *SHORT)
    assert adapt(*SHORT, f"--workdir={killed}").returncode == 0

    def read(path, name):
        return json.loads((path / name).read_text())

    for name in ("search/architecture.json", "search/result.json"):
        first, second = read(whole, name), read(killed, name)
        first.pop("seconds", None), second.pop("seconds", None)
        assert first == second
    for split in ("test_accuracy", "validation_accuracy"):
        assert (
            read_metrics(whole)["searched"][split]
            == read_metrics(killed)["adapted"][split]
        )


BAD_INPUT = [
    (["--model=resnet51", "--dataset=digits"], "`model`.*resnet50"),
    (["--model=missing.keras", "--dataset=digits"], "missing.keras"),
    (["--model=digits0to4", "--dataset=cifarten"], "`dataset`"),
    (["--model=digits0to4", "--dataset=folder:/nowhere"], "/nowhere"),
    (["--dataset=digits"], "--dataset is given, so --model is needed"),
    (["--model=resnet50"], "--model is given, so --dataset is needed"),
    (["--candidates=identity,conv9x9", "--price=0"], "`candidates`.*conv9x9"),
    (["--sites=nothing_matches", "--price=0"], "`sites`"),
    (["--image_size=2"], "image_size"),
    (["--batch_size=100000"], "`batch_size`"),
    (["--accumulation_steps=10000"], "--accumulation_steps must be"),
    (["--mixed_precision=float8"], "mixed_precision.*bfloat16"),
    (["--skip_inputs=9"], "`skip_inputs`"),
    (["--max_macs=0.5y"], "`max_macs`.*0.5x.*'0.5y'"),
    (["--max_macs=10"], "macs at most 10, but the smallest reachable is "),
    (["--max_latency_ms=1e-9"], "latency_ms at most .* smallest reachable"),
    (["stray", "words"], "Unexpected words .*: stray words"),
    (["--augment=foo"], "augment.*cutmix"),
    (["--unknown_flag=1"], "unknown_flag"),
    (["--flagfile="], "--flagfile is empty"),
    (["--recipe=cifar10_resnet5"], "no recipe.*mean cifar10_resnet50 or"),
    (["--recipe="], "There is no recipe ''. Choose one of adience_"),
    (["--recipe=my/cifar10_vgg19.flags"], "--recipe=cifar10_vgg19 is a"),
    (["--tune=2"], "--tune is --learning_rate_trials now"),
    (["--lr=1"], "Did you mean --learning_rate"),
    (["--nocalibrate"], "--calibrate is --scale_weight_free now"),
    (["--stripes=6"], "--stripes is used only with --task=retrieval"),
    (["--seed=one"], "seed"),
]
# One process for all of them, each as if it were the only one.
REFUSING = """
import contextlib, io, json, sys
import numpy as np
from absl import flags
from ntaa_tf.commands import adapt
from ntaa_tf.zoo import embedded

# Their weights are of no matter here, and take seconds.
embedded.pretrain_digits = lambda size: embedded.build_classifier(
    size, np.random.default_rng(0)
)
adapt.define_flags()
parse = adapt.make_flags_parser(adapt.__doc__, adapt.HEADINGS)
answers = []
for words in json.loads(sys.argv.pop()):
    for name in flags.FLAGS:
        flags.FLAGS[name].unparse()
    said = io.StringIO()
    with contextlib.redirect_stderr(said):
        try:
            sys.argv = ["adapt", *words]
            status = adapt.main(parse(sys.argv))
        except SystemExit as error:
            status = error.code
    answers.append([status, said.getvalue()])
print(json.dumps(answers))
"""


@pytest.fixture(scope="module")
def refused(tmp_path_factory):
    """What is said of bad input, and where the runs would have been."""
    paths = [tmp_path_factory.mktemp("bad") / "work" for _ in BAD_INPUT]
    commands = [
        [*flags, f"--workdir={path}"]
        for (flags, _), path in zip(BAD_INPUT, paths, strict=True)
    ]
    result = subprocess.run(
        [sys.executable, "-c", REFUSING, json.dumps(commands)],
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert result.returncode == 0, result.stderr
    answers = json.loads(result.stdout.splitlines()[-1])
    return list(zip(answers, paths, strict=True))


@pytest.mark.parametrize("index", range(len(BAD_INPUT)))
def test_bad_input_is_one_message_before_any_training(refused, index):
    (status, said), path = refused[index]
    _, message = BAD_INPUT[index]
    assert status == 2
    assert "Traceback" not in said
    errors = [line for line in said.splitlines() if line.startswith("error:")]
    assert len(errors) == 1
    assert re.search(message, errors[0])
    assert not (path / "search").exists()


def test_a_refused_command_ends_with_its_status(tmp_path):
    result = adapt("--stripes=3", f"--workdir={tmp_path / 'work'}")
    assert result.returncode == 2
    assert "error: --stripes is used only with" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.long
def test_a_run_keeps_its_budget(tmp_path):
    workdir = tmp_path / "work"
    flags = ["--max_macs=0.6x", "--max_depth=7", "--max_latency_ms=100x"]
    result = adapt(*SHORT, *flags, f"--workdir={workdir}")
    assert result.returncode == 0, result.stderr
    metrics = read_metrics(workdir)
    budget = metrics["budget"]
    assert budget["macs"]["source"] == metrics["source"]["macs"]
    assert budget["macs"]["limit"] == 0.6 * metrics["source"]["macs"]
    for name in ("macs", "depth"):
        derived = budget[name]["derived"]
        assert derived == budget[name]["measured"] == metrics["adapted"][name]
        assert derived <= budget[name]["limit"]
    latency = budget["latency_ms"]
    assert latency["measured"] == metrics["adapted"]["latency_ms"]["1"]
    assert 0 < latency["derived"] <= latency["limit"]
    assert (workdir / "source" / "latency.json").exists()
    # The search has ended where collapse goes.
    assert metrics["collapse_difference"] <= 1e-4
    assert metrics["gap"]["budget"] == metrics["gap"]["argmax"]
    assert "Budget" in (workdir / "report.html").read_text()


@pytest.mark.long
def test_a_diverging_run_has_a_status_of_its_own(tmp_path):
    result = adapt(*SHORT, "--learning_rate=1e30", f"--workdir={tmp_path}/w")
    assert result.returncode == 1
    assert "a lower --learning_rate" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_baseline_starts_from_the_source_s_weights(finished):
    workdir, _ = finished
    history = json.loads(
        (workdir / "baseline/finetune/history.json").read_text()
    )
    search = json.loads((workdir / "search/history.json").read_text())
    # Random weights are far behind after one epoch of a few batches.
    assert history["loss"][0] == pytest.approx(search["loss"][0], rel=0.2)


@pytest.mark.long
def test_ctrl_c_ends_with_one_line_and_goes_on(tmp_path):
    workdir = tmp_path / "work"
    process = subprocess.Popen(
        [*COMMAND, *SHORT, f"--workdir={workdir}"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        # A test runner in the background may have made it ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )
    while not list(workdir.glob("search/checkpoints/epoch-1.index")):
        assert process.poll() is None
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 130
    assert "error: stopped; the same command goes on from here" in errors
    assert "Traceback" not in errors


@pytest.mark.long
def test_all_that_saves_memory_or_time_goes_together(tmp_path):
    workdir = tmp_path / "work"
    result = adapt(
        "--smoke",
        "--nobaseline",
        "--mixed_precision=float16",
        "--remat",
        "--accumulation_steps=2",
        "--steps_per_execution=2",
        "--scale_weight_free",
        f"--workdir={workdir}",
    )
    assert result.returncode == 0, result.stderr
    assert "of memory; free:" in (workdir / "run.log").read_text("utf-8")
    metrics = read_metrics(workdir)
    assert metrics["export_difference"] <= 1e-4
    assert metrics["collapse_difference"] <= 1e-4
    # What is handed back is as any other plain model.
    adapted = keras.models.load_model(workdir / "adapted.keras")
    policies = {layer.dtype_policy.name for layer in adapted.layers}
    assert policies == {"float32"}


def test_inspect_lists_convolutions_and_trains_nothing(tmp_path):
    result = adapt("--inspect", cwd=tmp_path)
    assert result.returncode == 0, result.stderr
    assert "no site: stem" in result.stdout
    assert "parameters" in result.stdout
    assert not list(tmp_path.iterdir())


def test_help_and_wrong_flags_need_no_tensorflow():
    """They answer at once; TensorFlow takes seconds to import."""
    program = (
        "import sys\n"
        "from ntaa_tf.commands import adapt, pretrain\n"
        "from ntaa_tf.recipe import make_recipe\n"
        "make_recipe(seed=1, max_macs='0.5x')\n"
        "loaded = {'tensorflow', 'keras', 'matplotlib'} & sys.modules.keys()\n"
        "assert not loaded, loaded\n"
    )
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr


def test_help_is_short_plain_and_says_where_there_is_more():
    result = adapt("--help")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert len(lines) < 65
    assert max(map(len, lines)) < 80
    assert "\x1b" not in result.stdout
    for flag in ("--model", "--dataset", "--workdir", "--inspect"):
        assert f"\n  {flag} " in result.stdout
    assert lines[-1] == "More with --helpfull."


def test_full_help_may_be_cut_off():
    pipe = f"{shlex.join([*COMMAND, '--helpfull'])} | head -1"
    cut = subprocess.run(
        ["bash", "-o", "pipefail", "-c", pipe], capture_output=True, text=True
    )
    assert cut.returncode == 0
    assert cut.stdout.startswith("Adapt a pretrained")
    assert "BrokenPipe" not in cut.stderr


def test_help_has_every_flag_of_the_command_once():
    values = flags.FlagValues()
    define_flags(values)
    shown = [name for heading in HEADINGS for name in heading.names]
    assert sorted(shown) == sorted(values)


@pytest.mark.long
@pytest.mark.parametrize("model", ["mobilenet", "resnet50"])
def test_a_smoke_run_of_the_main_example_goes_through_every_stage(
    model, tmp_path
):
    data = Path(__file__).parents[3] / "shared" / "data" / "tfds"
    if not data.exists():
        pytest.skip(f"CIFAR-10 is not there: {data}")
    result = adapt(
        f"--model={model}",
        "--weights=none",
        "--dataset=cifar10",
        f"--data_dir={data}",
        "--smoke",
        "--sites=last:2",
        f"--workdir={tmp_path / 'work'}",
    )
    assert result.returncode == 0, result.stderr
    metrics = read_metrics(tmp_path / "work")
    assert metrics["export_difference"] <= 1e-4
    assert metrics["peak_memory_mib"] < 24 * 1024
