"""A shared supernet is one of the choices that a task was given."""

import keras
import pytest

from ntaa_tf.assembly.supernet_directory import check_shared_supernet
from ntaa_tf.assembly.supernet_directory import list_shared
from ntaa_tf.assembly.supernet_directory import list_training_choices
from ntaa_tf.recipe import make_recipe
from ntaa_tf.search.kept_supernet import FORMAT
from ntaa_tf.search.kept_supernet import MODEL_FILE
from ntaa_tf.search.kept_supernet import RECORD_FILE
from ntaa_tf.storage.files import write_json


@pytest.fixture
def supernet(tmp_path):
    """The directory of a supernet that learnt with the default choices."""
    recipe = make_recipe(method="unsupervised", supernet=str(tmp_path))
    record = {
        "format": FORMAT,
        "choices": list_shared(recipe, (8, 8)),
        "training": list_training_choices(recipe),
    }
    write_json(tmp_path / RECORD_FILE, record)
    (tmp_path / MODEL_FILE).touch()
    return str(tmp_path)


def check(supernet, **choices):
    source = keras.Sequential([keras.Input((8, 8, 3)), keras.layers.Flatten()])
    recipe = make_recipe(method="unsupervised", supernet=supernet, **choices)
    check_shared_supernet(recipe, source)


def test_a_task_asks_for_what_the_supernet_learnt_with(supernet):
    check(supernet)
    check(supernet, supernet_epochs=30, key_size=128)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("supernet_epochs", 3),
        ("queue_length", 64),
        ("key_size", 16),
        ("key_temperature", 0.5),
    ],
)
def test_other_choices_of_its_training_are_refused(supernet, name, value):
    """Else they would be given, and have no effect."""
    with pytest.raises(ValueError, match=f"{name}: .* there, {value} now"):
        check(supernet, **{name: value})
