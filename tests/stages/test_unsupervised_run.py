"""Unsupervised runs: one supernet for several tasks, in two commands."""

import keras
import numpy as np
import pytest
from whole_runs import run

from ntaa_tf.assembly import pretraining
from ntaa_tf.assembly.supernet import build_supernet
from ntaa_tf.pipeline import pretrain
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import replace
from ntaa_tf.storage.files import read_json
from ntaa_tf.tasks.classification import ClassificationTask
from ntaa_tf.training.resumable_fit import ResumableState

SMOKE_CHOICES = {
    "smoke": True,
    "method": "unsupervised",
    "sites": "last:2",
    "image_size": "16",
    "baseline": False,
}
SMOKE = make_recipe(**SMOKE_CHOICES)


def share(path, **choices):
    return make_recipe(**{**SMOKE_CHOICES, "supernet": str(path), **choices})


@pytest.fixture(scope="module")
def supernet(tmp_path_factory):
    """A supernet of both kinds of digits' source."""
    path = tmp_path_factory.mktemp("super")
    history = pretrain(share(path))
    assert np.isfinite(history["loss"]).all()
    return path


@pytest.mark.parametrize(
    "datasets",
    [
        ("digits5to9",),
        pytest.param(("digits5to9", "digits0to4"), marks=pytest.mark.long),
    ],
)
def test_tasks_share_a_supernet_and_leave_it_as_it_is(
    datasets, supernet, tmp_path
):
    before = (supernet / "super.keras").read_bytes()
    for dataset in datasets:
        path = tmp_path / dataset
        metrics = run(share(supernet, dataset=dataset, workdir=str(path)))
        assert read_json(path / "supernet" / "result.json")["kept"]
        assert {"supernet", "search"} <= metrics["seconds"].keys()
        assert len(read_json(path / "search" / "history.json")["loss"]) == 1
        assert metrics["collapse_difference"] < 1e-4
        adapted = keras.models.load_model(path / "adapted.keras")
        assert all(layer.trainable for layer in adapted.layers)
    assert (supernet / "super.keras").read_bytes() == before
    assert pretrain(share(supernet)) == {}


@pytest.mark.long
def test_what_comes_of_a_shared_supernet_keeps_limits(supernet, tmp_path):
    limited = run(
        share(
            supernet,
            dataset="digits5to9",
            max_macs="0.9x",
            workdir=str(tmp_path),
        )
    )
    assert limited["adapted"]["macs"] <= 0.9 * limited["source"]["macs"]


@pytest.mark.long
def test_without_one_it_is_trained_in_the_work_directory(tmp_path):
    metrics = run(replace(SMOKE, workdir=str(tmp_path)))
    result = read_json(tmp_path / "supernet" / "result.json")
    assert not result["kept"]
    assert np.isfinite(result["history"]["loss"]).all()
    stages = {"source", "supernet", "search", "finetune", "evaluate", "export"}
    assert set(metrics["seconds"]) == stages


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"sites": "last:3"}, "`supernet`.* differ: sites: 'last:2' there"),
        pytest.param(
            {"image_size": "24"},
            "`supernet`.* differ: image_size",
            marks=pytest.mark.long,
        ),
        ({"supernet_dataset": "nothing"}, "In --supernet_dataset: "),
        ({"supernet_dataset": "digits0to4"}, "`supernet`.* differ: dataset"),
    ],
)
def test_what_does_not_fit_is_told_before_training(
    choices, message, supernet, tmp_path
):
    with pytest.raises(ValueError, match=message):
        run(share(supernet, workdir=str(tmp_path), **choices))
    assert not (tmp_path / "search").exists()


def test_another_training_in_its_directory_is_refused(supernet):
    with pytest.raises(ValueError, match=r"--supernet=.*key_temperature: 0.2"):
        pretrain(share(supernet, key_temperature=0.3))


@pytest.mark.long
def test_a_killed_training_goes_on_with_its_queue(tmp_path, monkeypatch):
    """Bit for bit, as the source, the views and the queue are the same."""
    recipe = replace(
        share(tmp_path / "killed"),
        smoke=False,
        train_examples=64,
        batch_size=8,
        queue_length=20,
        supernet_epochs=2,
    )
    keep = ResumableState.on_epoch_end

    def keep_and_die(state, epoch, logs=None):
        keep(state, epoch, logs)
        raise InterruptedError

    monkeypatch.setattr(ResumableState, "on_epoch_end", keep_and_die)
    with pytest.raises(InterruptedError):
        pretrain(recipe)
    monkeypatch.undo()
    killed = pretrain(recipe)["loss"]
    whole = pretrain(replace(recipe, supernet=str(tmp_path / "whole")))["loss"]
    assert killed == pytest.approx(whole, rel=1e-5)


@pytest.mark.long
def test_a_supernet_can_learn_in_half_precision(supernet, tmp_path):
    half = pretrain(share(tmp_path, mixed_precision="bfloat16"))["loss"]
    whole = read_json(supernet / "history.json")["loss"]
    assert half != whole
    assert half == pytest.approx(whole, rel=0.05)
    kept = keras.models.load_model(tmp_path / "super.keras")
    assert {layer.compute_dtype for layer in kept.layers} == {"float32"}


@pytest.mark.parametrize(
    ("choices", "leads"),
    [
        ({}, [3, 3, 0]),  # The larger kernel begins as the source's own.
        ({"source_lead": 1.0}, [1, 1, 0]),
        ({"start": "paper"}, [0, 0, 0]),
        ({"start": "paper", "source_lead": 1.0}, [1, 0, 0]),
    ],
)
def test_the_mixture_begins_near_the_source_unless_as_in_the_paper(
    choices, leads
):
    inputs = keras.Input((8, 8, 3))
    hidden = keras.layers.Conv2D(3, 3, padding="same", name="stem")(inputs)
    outputs = keras.layers.Conv2D(3, 3, padding="same", name="site")(hidden)
    recipe = replace(
        SMOKE, sites="last:1", candidates="conv5x5,identity", **choices
    )
    supernet = build_supernet(
        recipe, keras.Model(inputs, outputs), ClassificationTask()
    )
    np.testing.assert_array_equal(supernet.logits[0], leads)


def test_the_directory_is_opened_before_pixels_are_put_into_it(
    tmp_path, monkeypatch
):
    """Those of another data set may be too many for memory."""
    names = []

    def stop(recipe, raw, size, path):
        names.extend(file.name for file in path.iterdir())
        raise InterruptedError

    monkeypatch.setattr(pretraining, "prepare_data", stop)
    recipe = replace(SMOKE, supernet_dataset="digits")
    with pytest.raises(InterruptedError):
        pretraining.build_pretraining(recipe, None, (8, 8), tmp_path)
    assert names == ["recipe.json"]
