"""The stage that trains an architecture from scratch on another data set."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf.assembly.data import identify_data
from ntaa_tf.assembly.data import prepare_data
from ntaa_tf.assembly.job import Job
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.stages.deriving import COLLAPSED_FILE
from ntaa_tf.stages.plain import fit_plainly
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.tasks.classification import replace_classifier

PRETRAINED_FILE = "pretrained.keras"
DATA_FILE = "data.json"


def transfer(job: Job, directory: Path) -> dict[str, Any]:
    """Train the architecture that was found, from scratch, elsewhere.

    Args:
        job: what the stages share.
        directory: gets `pretrained.keras`, with a new classifier for the
            task's own classes.

    Returns:
        The `history`: each metric after each epoch.
    """
    recipe = job.recipe
    keras.utils.set_random_seed(recipe.seed)
    raw = data.open_dataset(str(recipe.transfer_dataset), recipe.data_dir)
    other = Job(
        recipe,
        job.source,
        prepare_data(
            recipe, raw, job.image_size, directory, train_examples=None
        ),
        job.path,
    )
    check_data(other, directory / DATA_FILE)
    found = load_model(job.path / "search" / COLLAPSED_FILE)
    model = replace_classifier(
        rewrite(found, fresh=True), len(raw.class_names), recipe.seed
    )
    history = fit_plainly(other, model, recipe.transfer_epochs, directory)
    classes = job.dataset.num_classes
    pretrained = replace_classifier(model, classes, recipe.seed)
    save_model(pretrained, directory / PRETRAINED_FILE)
    return {"history": history}


def check_data(job: Job, file: Path) -> None:
    """Raise a ValueError unless data are those that this stage began with.

    Args:
        job: of the pretraining.
        file: keeps what they are known by.
    """
    fingerprint = identify_data(job.dataset)
    if not file.exists():
        write_json(file, fingerprint)
    data.check_fingerprint(job.dataset.name, read_json(file), fingerprint)
