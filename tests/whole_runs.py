"""Whole runs whose metrics are read as the file has them."""

import keras

from ntaa_tf import pipeline
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import switch
from ntaa_tf.training.resumable_fit import ResumableState

SMOKE = make_recipe(smoke=True, baseline=False, image_size=16, sites="last:3")


def run(recipe):
    """Run a recipe; return the content of its `metrics.json`."""
    return pipeline.run(recipe).to_json()


def adapt(path, **choices):
    recipe = switch(SMOKE, workdir=str(path), **choices)
    return recipe, run(recipe)


def adapt_killed(monkeypatch, path, **choices):
    """Adapt in a process that dies after each epoch, as often as it takes.

    Returns:
        The metrics, and how often it died.
    """
    keep = ResumableState.on_epoch_end

    def keep_and_die(state, epoch, logs=None):
        keep(state, epoch, logs)
        raise InterruptedError

    monkeypatch.setattr(ResumableState, "on_epoch_end", keep_and_die)
    deaths, metrics = 0, {}
    while not metrics:
        try:
            _, metrics = adapt(path, **choices)
        except InterruptedError:
            deaths += 1
    return metrics, deaths


def read_weights(path):
    return keras.models.load_model(path).get_weights()
