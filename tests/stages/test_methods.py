"""Every method goes through all its stages and leaves what it promises."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from measured import make_metrics
from whole_runs import SMOKE
from whole_runs import adapt
from whole_runs import adapt_killed
from whole_runs import read_weights
from whole_runs import run

from ntaa_tf import Architecture
from ntaa_tf.assembly.run_directory import open_run_directory
from ntaa_tf.data import Examples
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import replace
from ntaa_tf.recipe import shrink
from ntaa_tf.recipe import switch
from ntaa_tf.stages import transfer
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.run_metrics import write_run_metrics


def are_equal(first, second):
    return [
        np.array_equal(one, other)
        for one, other in zip(first, second, strict=True)
    ]


@pytest.fixture(scope="module")
def random_run(tmp_path_factory):
    path = tmp_path_factory.mktemp("random") / "run"
    return path, *adapt(path, method="random", max_weight_free="1")


NEEDED = {
    "retrain": {"architecture": "{random}/search/architecture.json"},
    "darts+transfer": {"transfer_dataset": "digits0to4"},
}
# The other methods are run elsewhere, or differ from one of these in one step.
STAGES = {
    "darts+transfer": ("search", "transfer"),
    **dict.fromkeys(("partial", "scratch"), ()),
    **dict.fromkeys(("darts", "spos", "retrain"), ("search",)),
}
# The first has all kinds of stages, and is killed after every epoch.
EACH = [next(iter(STAGES))] + [
    pytest.param(method, marks=pytest.mark.long) for method in list(STAGES)[1:]
]


def check_retraining(path, given):
    """The architecture is taken as it is."""
    kept, given = (
        Architecture.from_json((path / "search/architecture.json").read_text())
        for path in (path, given)
    )
    assert kept == given


def check_partial(path, _):
    """The first layers stay as they were; nothing stays frozen."""
    source = read_weights(path / "source/source.keras")
    adapted = keras.models.load_model(path / "adapted.keras")
    equal = are_equal(source, adapted.get_weights())
    assert all(equal[: len(equal) // 3])
    assert not any(equal[-2:])
    assert all(layer.trainable for layer in adapted.layers)


CHECKS = {"retrain": check_retraining, "partial": check_partial}


@pytest.mark.parametrize("method", EACH)
def test_a_method_has_its_stages(method, tmp_path, random_run, monkeypatch):
    flags = {
        name: value.format(random=random_run[0])
        for name, value in NEEDED.get(method, {}).items()
    }
    flags["method"] = method
    metrics, deaths = adapt_killed(monkeypatch, tmp_path / "run", **flags)
    stages = ["source", *STAGES[method], "finetune", "evaluate", "export"]
    assert list(metrics["seconds"]) == stages
    assert metrics["export_difference"] < 1e-4
    history = read_json(tmp_path / "run/finetune/result.json")["history"]
    smoke = shrink(switch(SMOKE, **flags))
    trains_supernet = smoke.adaptation.plan.trains_supernet
    assert ("collapsed" in metrics) == trains_supernet
    total = smoke.training.total_epochs
    epochs = total - smoke.searched_epochs
    assert len(history["loss"]) == epochs
    if "transfer" in stages:
        total += smoke.adaptation.transfer_epochs
    assert deaths == total
    if method in CHECKS:
        CHECKS[method](tmp_path / "run", random_run[0])


def test_a_random_architecture_keeps_its_budget(random_run):
    path, _, metrics = random_run
    text = (path / "search/architecture.json").read_text()
    sites = Architecture.from_json(text).sites
    assert len(sites) == 3
    assert metrics["budget"]["weight_free"]["limit"] == 1
    assert metrics["budget"]["weight_free"]["derived"] <= 1


@pytest.mark.long
def test_a_precision_is_measured_once(tmp_path, monkeypatch):
    """Another measurement of a resumed run might choose another one."""
    choices = {"method": "finetune", "mixed_precision": "auto"}
    measured = iter(["bfloat16"])
    monkeypatch.setattr(
        "ntaa_tf.assembly.source.choose_precision", lambda *_: next(measured)
    )
    _, deaths = adapt_killed(monkeypatch, tmp_path / "run", **choices)
    assert deaths == 2
    kept = read_json(tmp_path / "run/source/result.json")
    assert kept["mixed_precision"] == "bfloat16"


@pytest.mark.long
def test_tuning_keeps_the_rate_that_validates_best(tmp_path, monkeypatch):
    metrics, deaths = adapt_killed(
        monkeypatch, tmp_path / "run", method="finetune", learning_rate_trials=2
    )
    assert deaths == 4
    tuned = metrics["tune"]
    assert set(tuned["validation_accuracy"]) == {"0.02", "0.00666667"}
    best = f"{tuned['learning_rate']:.6g}"
    assert tuned["validation_accuracy"][best] == max(
        tuned["validation_accuracy"].values()
    )
    kept = read_weights(tmp_path / "run/adapted.keras")
    tried = read_weights(tmp_path / f"run/tune/{best}/adapted.keras")
    assert all(are_equal(kept, tried))


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        (
            {"method": "retrain", "architecture": "nowhere.json"},
            r"--architecture must be the architecture\.json.*nowhere\.json",
        ),
        (
            {"method": "partial", "trainable_from": "no_layer"},
            r"trainable_from.*layers.*no_layer",
        ),
        (
            {"method": "darts+transfer", "transfer_dataset": "folder:nowhere"},
            r"In --transfer_dataset: .*nowhere",
        ),
        (
            {"method": "random", "max_weight_free": "0", "max_macs": "0.3x"},
            r"No architecture keeps the budget",
        ),
    ],
)
def test_what_is_not_there_is_told_before_training(choices, message, tmp_path):
    with pytest.raises((ValueError, OSError), match=message):
        adapt(tmp_path / "run", **choices)
    assert not (tmp_path / "run/finetune").exists()


@pytest.mark.parametrize("worker", [0, 1])
def test_a_finished_run_needs_no_other_workers(
    worker, tmp_path, monkeypatch, caplog
):
    """The chief alone tells the results."""
    caplog.set_level("INFO")
    recipe = make_recipe(workdir=str(tmp_path), distribute="multiworker")
    open_run_directory(recipe, tmp_path).run_stage("source", lambda _: {})
    write_run_metrics(tmp_path, make_metrics())
    cluster = {"worker": ["localhost:1", "localhost:2"]}
    task = {"type": "worker", "index": worker}
    monkeypatch.setenv(
        "TF_CONFIG", json.dumps({"cluster": cluster, "task": task})
    )
    assert run(recipe)["seed"] == 0
    assert ("adapted model: " in caplog.text) == (worker == 0)
    with pytest.raises(ValueError, match="keeps a run of another recipe: seed"):
        run(replace(recipe, seed=1))


def test_the_data_of_a_transfer_are_known_again(tmp_path):
    def make_data(value):
        images = np.full((2, 4, 4, 3), value, np.uint8)
        return Named("other", Examples(images, np.arange(2)))

    transfer._check_data(make_data(1), tmp_path / "data.json")
    transfer._check_data(make_data(1), tmp_path / "data.json")
    with pytest.raises(ValueError, match=r"`other`.*train.images"):
        transfer._check_data(make_data(2), tmp_path / "data.json")


@dataclasses.dataclass
class Named:
    """A data set of one split."""

    name: str
    train: Examples
