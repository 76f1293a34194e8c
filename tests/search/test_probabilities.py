"""Each option's probability is recorded, once for each epoch."""

import keras
import numpy as np
import pytest
from search.small_models import make_small_supernet

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.search.probabilities import ProbabilityRecorder
from ntaa_tf.search.probabilities import list_probabilities
from ntaa_tf.storage.files import read_json


@pytest.fixture
def supernet(rng):
    return make_small_supernet(rng)


@pytest.fixture
def recorder(supernet, tmp_path):
    recorder = ProbabilityRecorder(tmp_path / "course.json")
    recorder.set_model(supernet)
    return recorder


def test_every_epoch_adds_p_of_every_option(supernet, recorder, tmp_path):
    choice = supernet.choices[0]
    choice.logits.assign(np.zeros(len(choice.options)))
    recorder.on_epoch_end(0)
    choice.logits.assign(20 * np.eye(len(choice.options))[2])
    recorder.on_epoch_end(1)
    course = read_json(tmp_path / "course.json")
    assert list(course) == [choice.name for choice in supernet.choices]
    even = pytest.approx(1 / len(choice.options), abs=1e-4)
    assert course[choice.name][choice.options[0]] == [even, 0]
    assert course[choice.name][choice.options[2]] == [even, 1]


def test_an_epoch_that_is_trained_again_is_there_once(
    supernet, recorder, tmp_path
):
    choice = supernet.choices[0]
    for epoch in (0, 1, 2):
        recorder.on_epoch_end(epoch)
    again = ProbabilityRecorder(tmp_path / "course.json")
    again.set_model(supernet)
    choice.logits.assign(20 * np.eye(len(choice.options))[0])
    again.on_epoch_end(1)  # A run killed before epoch 1 was saved.
    source = read_json(tmp_path / "course.json")[choice.name]["source"]
    assert len(source) == 2 and source[0] < source[1] == 1


def test_a_cell_has_a_row_for_each_edge():
    choice = CellChoice(("max_pool", "none", "identity"), name="normal")
    choice(keras.ops.zeros((1, 8, 8, 3)))
    listed = list_probabilities(choice)
    assert len(listed) == 14 and "normal_node0_from1" in listed
    for probabilities in listed.values():
        assert list(probabilities) == list(choice.options)
        assert sum(probabilities.values()) == pytest.approx(1, abs=1e-3)
