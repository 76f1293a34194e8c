"""What can't be done is refused before any training, with advice."""

import logging

import keras
import pytest

from ntaa_tf.assembly import feasibility
from ntaa_tf.assembly.feasibility import advise
from ntaa_tf.assembly.feasibility import check_accumulation
from ntaa_tf.assembly.feasibility import check_memory
from ntaa_tf.assembly.feasibility import estimate_training
from ntaa_tf.recipe import Recipe

MIB = 2**20


@pytest.fixture
def source():
    inputs = keras.Input((8, 8, 3))
    hidden = inputs
    for _ in range(8):
        conv = keras.layers.Conv2D(4, 3, padding="same", activation="relu")
        hidden = conv(hidden)
    pooled = keras.layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(inputs, keras.layers.Dense(2)(pooled))


@pytest.fixture
def machine(monkeypatch):
    """A machine of any size."""

    def have(free, gpu=None):
        monkeypatch.setattr(feasibility, "find_free_memory", lambda: free)
        monkeypatch.setattr(feasibility, "find_gpu_memory", lambda: gpu)

    return have


@pytest.mark.parametrize("method", ["ntaa", "finetune"])
def test_what_is_needed_and_what_is_free_are_logged(
    method, source, machine, caplog
):
    machine(3 * 2**30)
    with caplog.at_level(logging.INFO, "ntaa_tf"):
        check_memory(Recipe(method=method), source)
    assert "needs about 0.1 GiB" in caplog.text
    assert "3.0 GiB are free" in caplog.text
    assert ("supernet" in caplog.text) == (method == "ntaa")


@pytest.mark.parametrize("method", ["ntaa", "finetune"])
def test_what_does_not_fit_is_refused_with_advice(method, source, machine):
    machine(50 * MIB)
    expected = r"`batch_size`.* 0\.0 GiB.*Received: 32.*--remat.*--image_size"
    with pytest.raises(ValueError, match=expected):
        check_memory(Recipe(method=method), source)


def test_on_a_gpu_its_memory_counts(source, machine):
    machine(free=50 * MIB, gpu=10**10)
    check_memory(Recipe(), source)
    machine(free=10**12, gpu=50 * MIB)
    with pytest.raises(ValueError, match="`batch_size`"):
        check_memory(Recipe(), source)


def test_where_nothing_is_known_nothing_is_refused(source, machine, caplog):
    machine(None)
    with caplog.at_level(logging.INFO, "ntaa_tf"):
        check_memory(Recipe(), source)
    assert "an unknown amount" in caplog.text


def test_only_what_would_help_is_advised():
    every = advise(Recipe())
    flags = "--batch_size", "--remat", "--mixed_precision", "--sites=spatial"
    assert all(flag in every for flag in flags)
    few = Recipe(
        batch_size=1, remat=True, mixed_precision="bfloat16", sites="spatial"
    )
    assert advise(few) == "a smaller --image_size"
    assert "--sites" not in advise(Recipe(method="finetune"))


def test_the_flags_of_a_recipe_reach_the_estimate(source):
    plain = estimate_training(Recipe(batch_size=10**6), source)
    half = Recipe(batch_size=10**6, mixed_precision="bfloat16")
    assert estimate_training(half, source) < plain
    remat = Recipe(batch_size=10**6, remat=True)
    assert estimate_training(remat, source) < plain
    more = Recipe(batch_size=10**6, accumulation_steps=2)
    assert estimate_training(more, source) > plain


def test_an_epoch_without_an_update_is_refused():
    check_accumulation(Recipe(accumulation_steps=5), steps=5)
    expected = "`accumulation_steps`. Expected at most the 5 .* Received: 6."
    with pytest.raises(ValueError, match=expected):
        check_accumulation(Recipe(accumulation_steps=6), steps=5)
