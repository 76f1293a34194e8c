"""Compare training on one replica with training on two of one process.

Split the devices of the process before this module is imported.
"""

import contextlib
import json
import tempfile
from pathlib import Path

import keras
from distribute.trainings import STEPS
from distribute.trainings import compare
from distribute.trainings import differ
from distribute.trainings import make_batches
from distribute.trainings import make_model
from distribute.trainings import read
from distribute.trainings import read_state
from distribute.trainings import train_alone

from ntaa_tf.distribute import enter_strategy
from ntaa_tf.training.resumable_fit import fit_resumably


class KilledError(Exception):
    """The end of a training in its second epoch."""


def kill(epoch, logs):
    """End a training in its second epoch."""
    if epoch == 1:
        raise KilledError


def resume(directory):
    """Return how a killed training on two replicas differs from a whole one."""
    states = []
    callback = keras.callbacks.LambdaCallback(on_epoch_begin=kill)
    for name, callbacks in (("whole", []), ("cut", [callback]), ("cut", [])):
        with enter_strategy("mirrored"), contextlib.suppress(KilledError):
            model = make_model("joint")
            fit_resumably(
                model,
                lambda first: make_batches("joint").repeat(2 - first),
                epochs=2,
                steps_per_epoch=STEPS,
                directory=directory / name,
                callbacks=callbacks,
            )
        states.append((read(model.trainable_variables), read_state(model)))
    (weights, whole), (weights_cut, _), (_, resumed) = states
    return {
        "cut": differ(weights, weights_cut),
        "resumed": differ(whole, resumed),
    }


def main(directory, *methods):
    """Print the results of methods; keep those of one replica on disk."""
    for method in methods:
        alone = train_alone(method, Path(directory))
        told = {method: compare(method, "mirrored", alone)}
        print(json.dumps(told), flush=True)
    if "joint" in methods:
        with tempfile.TemporaryDirectory() as cut:
            print(json.dumps({"resume": resume(Path(cut))}))
