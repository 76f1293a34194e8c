"""The stage `transfer`: first train the architecture on another data set."""

from pathlib import Path
from typing import Any

import keras

from ntaa_tf import data
from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.assembly.data import identify_data
from ntaa_tf.assembly.data import prepare_data
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.stages.collapse import COLLAPSED_FILE
from ntaa_tf.stages.plain_fit import fit_plain_model
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.tasks.classification import replace_classifier

TRANSFERRED_FILE = "transferred.keras"
DATA_FILE = "data.json"


def transfer(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Train the derived architecture from scratch on --transfer_dataset.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets `transferred.keras`, with
            a new classifier for the task's own classes.

    Returns:
        The `history`: each metric after each epoch.
    """
    recipe = assembly.recipe
    seed = recipe.output.seed
    keras.utils.set_random_seed(seed)
    raw = data.open_dataset(
        str(recipe.adaptation.transfer_dataset), recipe.data.data_dir
    )
    dataset = prepare_data(recipe, raw, assembly.image_size, directory)
    _check_data(dataset, directory / DATA_FILE)
    derived = load_model(assembly.path / "search" / COLLAPSED_FILE)
    model = replace_classifier(
        rewrite(derived, fresh=True), len(raw.class_names), seed
    )
    history = fit_plain_model(
        assembly.with_data(dataset),
        model,
        recipe.adaptation.transfer_epochs,
        directory,
    )
    classes = assembly.dataset.num_classes
    transferred = replace_classifier(model, classes, seed)
    save_model(transferred, directory / TRANSFERRED_FILE)
    return {"history": history}


def _check_data(dataset: Any, file: Path) -> None:
    """Raise a ValueError if the data changed since this stage began.

    Args:
        dataset: data set, decoded and split.
        file: file that keeps the fingerprint of the data.
    """
    fingerprint = identify_data(dataset)
    if not file.exists():
        write_json(file, fingerprint)
    data.check_fingerprint(dataset.name, read_json(file), fingerprint)
