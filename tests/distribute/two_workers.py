"""One of two workers: it runs every check and prints the results."""

import json
import os
import signal
from pathlib import Path
from unittest import mock

import keras
from distribute.trainings import compare
from distribute.trainings import load_alone
from distribute.trainings import make_batches
from distribute.trainings import make_model
from distribute.trainings import make_source

from ntaa_tf.distribute import DistributedModel
from ntaa_tf.distribute import LostWorkerError
from ntaa_tf.distribute import agree
from ntaa_tf.distribute import check_alike
from ntaa_tf.distribute import directory as sharing
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.distribute import share_directory
from ntaa_tf.distribute.cluster import read_cluster
from ntaa_tf.distribute.workers import wait

# One of each kind; each has its own way of talking to the other worker.
# The replicas of one process have all methods.
METHODS = ("synchronized", "triplets")


class BuildsByKeras(DistributedModel):
    """Model whose symbolic build is Keras's own."""

    _maybe_symbolic_build = keras.Model._maybe_symbolic_build


class LogsByKeras(DistributedModel):
    """Model whose step function is Keras's own."""

    _make_function = keras.Model._make_function


def fit(kind):
    """Return the error of `fit` for a class of models, if it fails."""
    source = make_source()
    model = kind(source.input, source.output)
    model.compile("sgd", "mse")
    try:
        model.fit(make_batches("plain"), verbose=0)
    except Exception as error:
        return f"{type(error).__name__}: {error}"
    return "it works"


def differ():
    """Return the error of a worker with another seed."""
    try:
        check_alike("flags", {"seed": read_cluster().index})
    except ValueError as error:
        return str(error)
    return "alike"


def share(path):
    """Write into a shared directory; return its files, within and after."""
    (path / "before.txt").touch()
    with share_directory(path) as own:
        (own / f"{read_cluster().index}.txt").touch()
        there = sorted(file.name for file in own.iterdir())
    return {"within": there, "kept": sorted(p.name for p in path.iterdir())}


def share_blindly(path):
    """Return the error for a directory that the second worker can't see."""
    if read_cluster().is_follower:
        blind = mock.patch.object(sharing, "is_seen", lambda mark: False)
        blind.start()
    try:
        with share_directory(path):
            return "shared"
    except ValueError as error:
        return str(error)


def die(batch, logs):
    """Kill the second worker, as the system does when memory runs out."""
    if batch == 2 and read_cluster().is_follower:
        os.kill(os.getpid(), signal.SIGKILL)


def lose():
    """Return the error of a training that loses its second worker."""
    callback = keras.callbacks.LambdaCallback(on_train_batch_end=die)
    try:
        with enter_strategy("multiworker"):
            make_model("triplets").fit(
                make_batches("plain").repeat(),
                steps_per_epoch=50,
                verbose=0,
                callbacks=[callback],
            )
    except LostWorkerError as error:
        return str(error)
    return "nothing was lost"


def main(alone, shared):
    """Print all results."""
    enter_strategy("multiworker")

    def tell(name, told):
        print(json.dumps({name: told}), flush=True)

    for method in METHODS:
        kept = load_alone(method, Path(alone))
        tell(method, compare(method, "multiworker", kept))
    with enter_strategy("multiworker"):
        errors = [fit(kind) for kind in (BuildsByKeras, LogsByKeras)]
        agreed = agree({"worker": read_cluster().index})
        different = differ()
        directory = share(Path(shared))
        refused = share_blindly(Path(shared))
        wait()
    tell("keras", errors)
    tell("agreed", agreed)
    tell("different", different)
    tell("directory", directory)
    tell("refused", refused)
    tell("lost", lose())
