"""A saved supernet is not trained further: only logits and head learn."""

import json
import shutil

import keras
import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.search.kept_supernet import check_supernet
from ntaa_tf.search.kept_supernet import has_supernet
from ntaa_tf.search.kept_supernet import load_supernet
from ntaa_tf.search.kept_supernet import save_supernet
from ntaa_tf.search.supernet import Supernet

CHOICES = {"model": "residual", "sites": "all", "image_size": [16, 16]}
VERSIONS = {"keras": "3"}


@pytest.fixture(scope="module")
def source():
    """A source with a head."""
    return randomize(make_residual(), np.random.default_rng(0))


@pytest.fixture(scope="module")
def written(source, tmp_path_factory):
    """A supernet without a head, and its directory; no test changes them."""
    maps = [x for x in source.layers if len(x.output.shape) == 4]
    features = keras.Model(source.input, maps[-1].output)
    learnt = insert_mixed_ops(features, source_lead=0.0)
    for variable in learnt.variables:
        if "logits" not in variable.path and "pull" not in variable.path:
            variable.assign(variable + 0.01)
    path = tmp_path_factory.mktemp("written")
    save_supernet(learnt, path, CHOICES, {"epochs": 3}, VERSIONS)
    return learnt, path


@pytest.fixture
def path(written, tmp_path):
    """A copy of the directory, which a test may change."""
    return shutil.copytree(written[1], tmp_path / "copy")


@pytest.fixture
def supernet(source):
    """A task's supernet of the same source, with a head."""
    return insert_mixed_ops(source, source_lead=0.0)


def read(model):
    return {variable.path: variable.numpy() for variable in model.variables}


def test_the_weights_are_the_saved_ones(supernet, written):
    learnt, path = written
    load_supernet(supernet, path)
    names = {layer.name for layer in learnt.layers}
    for layer in supernet.layers:
        if layer.name in names:
            expected = learnt.get_layer(layer.name).get_weights()
            for received, value in zip(
                layer.get_weights(), expected, strict=True
            ):
                np.testing.assert_array_equal(received, value)


def test_a_search_moves_logits_and_the_head_alone(supernet, written, rng):
    """Neither batch-norm statistics nor those of the noise move."""
    _, path = written
    head = supernet.layers[-1]
    supernet.compile(
        keras.optimizers.SGD(0.1, weight_decay=0.1),
        architecture_optimizer=keras.optimizers.SGD(0.5),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        start="paper",
        resting=load_supernet(supernet, path),
    )
    assert {id(v) for v in supernet.network_variables} == {
        id(v) for v in head.trainable_variables
    }
    before = read(supernet)
    images = rng.normal(size=(16, 16, 16, 3)).astype("float32")
    supernet.fit(images, np.arange(16) % 4, batch_size=4, verbose=0)
    moved = {
        name
        for name, value in read(supernet).items()
        if np.any(value != before[name])
    }
    state = (
        *("start_pull", "end_pull", "temperature", "drawn", "absence"),
        "seed",
    )
    learnt = {n for n in moved if not any(word in n for word in state)}
    logits = {choice.logits.path for choice in supernet.choices}
    assert learnt == logits | {v.path for v in head.variables}


def test_a_resting_network_runs_in_inference_mode(rng, tmp_path):
    """Dropout inside the source is off."""
    inputs = keras.Input((8, 8, 3))
    stem = keras.layers.Conv2D(4, 3, padding="same", name="stem")(inputs)
    hidden = keras.layers.Dropout(0.9, name="drop")(stem)
    conv = keras.layers.Conv2D(4, 3, padding="same", name="conv")(hidden)
    features = insert_mixed_ops(keras.Model(inputs, conv), source_lead=0.0)
    save_supernet(features, tmp_path, {}, {}, {})
    pooled = keras.layers.GlobalAveragePooling2D()(features.output)
    supernet = Supernet(features.input, keras.layers.Dense(2)(pooled))
    supernet.compile(
        keras.optimizers.SGD(0.0),
        architecture_optimizer=keras.optimizers.SGD(0.0),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        start="paper",
        end="paper",
        resting=load_supernet(supernet, tmp_path),
    )
    images = rng.normal(size=(8, 8, 8, 3)).astype("float32")
    losses = supernet.fit(
        images, np.arange(8) % 2, epochs=3, batch_size=8, verbose=0
    ).history["loss"]
    assert losses[0] == pytest.approx(losses[1], abs=1e-6)
    assert losses[0] == pytest.approx(losses[2], abs=1e-6)


def test_a_saved_one_with_other_layers_is_not_loaded(written):
    _, path = written
    other = rewrite(make_residual(), names={"first": "renamed"})
    supernet = insert_mixed_ops(other, source_lead=0.0)
    with pytest.raises(ValueError, match=r"layer '\w+' of the `supernet`"):
        load_supernet(supernet, path)
    few = insert_mixed_ops(make_residual(), candidates="identity")
    with pytest.raises(ValueError, match=r"layer '\w+' of the `supernet`"):
        load_supernet(few, path)


def test_half_of_the_files_is_no_supernet(path):
    (path / "super.keras").unlink()
    assert not has_supernet(path)


def test_differences_to_the_record_are_listed(written):
    _, path = written
    assert has_supernet(path)
    assert not has_supernet(path / "elsewhere")
    check_supernet(path, CHOICES, {})
    check_supernet(path, CHOICES, {"epochs": 3})
    with pytest.raises(ValueError, match="differ: epochs: 3 there, 4 now"):
        check_supernet(path, CHOICES, {"epochs": 4})
    with pytest.raises(
        ValueError, match=r"`supernet`.* differ: sites: 'all' there, 'sp"
    ):
        check_supernet(path, {**CHOICES, "sites": "spatial"}, {})


@pytest.mark.parametrize("text", ["", "[]", '{"format": 2, "choices": {}}'])
def test_a_record_of_something_else_is_refused(text, path):
    (path / "super.json").write_text(text)
    with pytest.raises(ValueError, match=r"`supernet`.* can't be read"):
        check_supernet(path, CHOICES, {})


def test_versions_are_recorded_and_not_compared(path):
    record = json.loads((path / "super.json").read_text())
    assert record["versions"] == VERSIONS
    record["versions"] = {"keras": "4"}
    (path / "super.json").write_text(json.dumps(record))
    check_supernet(path, CHOICES, {})
