"""What is handed over is better, or cheaper, or it is plain finetuning."""

import types

import keras
import numpy as np
import pytest

from ntaa_tf.data import Examples
from ntaa_tf.metrics import PairedDifference
from ntaa_tf.recipe import make_recipe
from ntaa_tf.stages.hand_over import choose
from ntaa_tf.stages.hand_over import hand_over
from ntaa_tf.storage.model_files import load_model
from ntaa_tf.storage.model_files import save_model
from ntaa_tf.tasks.classification import ClassificationTask

CLASSES = 2


def differ(points, p, error=0.1):
    share = points / 100
    return PairedDifference(share, share, share, error / 100, p, 400)


@pytest.mark.parametrize(
    ("points", "p", "saves", "chosen"),
    [
        (3.0, 0.01, -9, "searched"),
        (3.0, 0.2, -9, "baseline"),
        (3.0, 0.2, 9, "searched"),
        (0.0, 1.0, 9, "searched"),
        (0.0, 1.0, -9, "baseline"),
        (-0.5, 0.2, 9, "searched"),
        (-0.6, 0.2, 9, "baseline"),
        (-3.0, 0.01, -9, "baseline"),
        (0.1, 0.9, 0, "searched"),
        (0.0, 1.0, 0, "baseline"),
    ],
)
def test_a_change_proves_its_worth_and_a_saving_does_no_harm(
    points, p, saves, chosen
):
    found, reason, measured = choose(make_recipe(), differ(points, p), saves)
    assert found == chosen
    assert reason
    assert measured


def test_one_standard_error_is_tolerated_where_images_are_few():
    assert choose(make_recipe(), differ(-1.5, 0.5, 1.6), 9)[0] == "searched"
    assert choose(make_recipe(), differ(-1.7, 0.5, 1.6), 9)[0] == "baseline"


@pytest.mark.parametrize(
    ("tolerance", "chosen"), [(0, "baseline"), (3, "searched")]
)
def test_the_tolerance_is_in_points(tolerance, chosen):
    recipe = make_recipe(tolerance=float(tolerance))
    assert choose(recipe, differ(-2.0, 0.01), 9)[0] == chosen


@pytest.mark.parametrize(
    ("choices", "is_limited"),
    [({"hand_over": "searched"}, False), ({"max_macs": "0.5x"}, True)],
)
def test_the_searched_network_is_handed_over_where_only_it_will_do(
    choices, is_limited
):
    recipe = make_recipe(**choices)
    found, _, measured = choose(recipe, differ(-9.0, 0.001), -9, is_limited)
    assert found == "searched"
    assert not measured


def test_a_limit_that_plain_finetuning_keeps_proves_nothing():
    recipe = make_recipe(max_macs="1x")
    assert choose(recipe, differ(-9.0, 0.001), 9)[0] == "baseline"


def make_network(bias):
    images = keras.Input((2, 2, 3))
    pooled = keras.layers.GlobalAveragePooling2D()(images)
    logits = keras.layers.Dense(CLASSES, name="logits")(pooled)
    model = keras.Model(images, logits)
    model.get_layer("logits").set_weights(
        [np.zeros((3, CLASSES)), np.array(bias)]
    )
    return model


@pytest.mark.parametrize("chosen", ["baseline", "searched"])
def test_both_networks_stay_and_the_choice_is_copied(chosen, tmp_path):
    """Also when the stage is killed behind its work and done again."""
    right, wrong = make_network([1.0, 0.0]), make_network([0.0, 1.0])
    searched, plain = (right, wrong) if chosen == "searched" else (wrong, right)
    save_model(searched, tmp_path / "searched.keras")
    save_model(plain, tmp_path / "baseline/adapted.keras")
    split = Examples(np.zeros((40, 2, 2, 3), "uint8"), np.zeros(40, int))
    assembly = types.SimpleNamespace(
        path=tmp_path,
        recipe=make_recipe(),
        trained_file="searched.keras",
        load_trained=lambda: load_model(tmp_path / "searched.keras"),
        baseline=types.SimpleNamespace(
            path=tmp_path / "baseline",
            load_adapted=lambda: plain,
        ),
        deciding=split,
        decides_on_target=False,
        task=ClassificationTask(),
    )
    for _ in range(2):
        result = hand_over(assembly, tmp_path / "hand_over")
        assert result["handed_over"] == chosen
        assert abs(result["difference"]["difference"]) == 1
        files = {
            name: (tmp_path / f"{name}.keras").read_bytes()
            for name in ("adapted", "baseline", "searched")
        }
        assert files["adapted"] == files[chosen]
        assert files["baseline"] != files["searched"]
