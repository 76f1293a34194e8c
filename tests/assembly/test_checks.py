"""Runs that a machine can't do are refused before training, with advice."""

import logging
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from ntaa_tf.assembly import checks
from ntaa_tf.assembly.checks import check_memory
from ntaa_tf.assembly.checks import check_streams
from ntaa_tf.assembly.checks import estimate_training
from ntaa_tf.assembly.checks import suggest_savings
from ntaa_tf.assembly.streams import Stream
from ntaa_tf.recipe import make_recipe

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
        monkeypatch.setattr(checks, "find_free_memory", lambda: free)
        monkeypatch.setattr(checks, "find_gpu_memory", lambda: gpu)

    return have


@pytest.mark.parametrize("method", ["ntaa", "finetune"])
def test_what_is_needed_and_what_is_free_are_logged(
    method, source, machine, caplog
):
    machine(3 * 2**30)
    with caplog.at_level(logging.DEBUG, "ntaa_tf"):
        check_memory(make_recipe(method=method), source)
    assert "needs about 0.1 GiB" in caplog.text
    assert "free: 3.0 GiB" in caplog.text
    assert ("supernet" in caplog.text) == (method == "ntaa")


@pytest.mark.parametrize("method", ["ntaa", "finetune"])
def test_what_does_not_fit_is_refused_with_advice(method, source, machine):
    machine(50 * MIB)
    expected = r"--batch_size=32 needs .* 0\.0 GiB are free.*--remat.*--image"
    with pytest.raises(ValueError, match=expected):
        check_memory(make_recipe(method=method), source)


def test_on_a_gpu_its_memory_counts(source, machine):
    machine(free=50 * MIB, gpu=10**10)
    check_memory(make_recipe(), source)
    machine(free=10**12, gpu=50 * MIB)
    with pytest.raises(ValueError, match="--batch_size=32 needs"):
        check_memory(make_recipe(), source)


def test_where_nothing_is_known_nothing_is_refused(source, machine, caplog):
    machine(None)
    with caplog.at_level(logging.INFO, "ntaa_tf"):
        check_memory(make_recipe(), source)
    assert "free: unknown" in caplog.text


def test_only_what_would_help_is_advised():
    every = suggest_savings(make_recipe())
    flags = "--batch_size", "--remat", "--mixed_precision", "--sites=spatial"
    assert all(flag in every for flag in flags)
    few = make_recipe(
        batch_size=1, remat=True, mixed_precision="bfloat16", sites="spatial"
    )
    assert suggest_savings(few) == "a smaller --image_size"
    assert "--sites" not in suggest_savings(make_recipe(method="finetune"))


def test_the_flags_of_a_recipe_reach_the_estimate(source):
    plain = estimate_training(make_recipe(batch_size=10**6), source)
    half = make_recipe(batch_size=10**6, mixed_precision="bfloat16")
    assert estimate_training(half, source) < plain
    remat = make_recipe(batch_size=10**6, remat=True)
    assert estimate_training(remat, source) < plain
    more = make_recipe(batch_size=10**6, accumulation_steps=2)
    assert estimate_training(more, source) > plain


def make_stream(count):
    return Stream(SimpleNamespace(labels=np.arange(count)))


def test_an_epoch_without_an_update_is_refused():
    streams = [make_stream(10)]
    check_streams(
        make_recipe(batch_size=2, accumulation_steps=5), streams, None
    )
    expected = "--accumulation_steps must be at most 5, .* Received: 6."
    with pytest.raises(ValueError, match=expected):
        check_streams(
            make_recipe(batch_size=2, accumulation_steps=6), streams, None
        )


def test_every_stream_needs_a_full_batch():
    streams = [make_stream(40), make_stream(10)]
    with pytest.raises(ValueError, match="batch_size"):
        check_streams(make_recipe(), streams, None)


def test_a_batch_that_devices_can_not_share_is_refused(monkeypatch):
    monkeypatch.setattr(checks, "count_replicas", lambda: 3)
    streams = [make_stream(40)]
    check_streams(make_recipe(batch_size=33), streams, None)
    with pytest.raises(ValueError, match=r"a multiple of 3, .*: 32"):
        check_streams(make_recipe(batch_size=32), streams, None)
