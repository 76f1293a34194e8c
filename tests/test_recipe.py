"""Every choice of a run is explained, checked, and defaults sensibly."""

import dataclasses
import json

import pytest

from ntaa_tf.recipe import GROUPS
from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import make_baseline
from ntaa_tf.recipe import shrink

FIELDS = dataclasses.fields(Recipe)


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_choice_has_help_and_a_default_that_it_allows(field):
    help_text, choices = field.metadata["help"], field.metadata["choices"]
    assert help_text[0].isupper()
    assert help_text.endswith(".")
    assert not choices or field.default in (None, *choices)


def test_every_choice_is_under_one_heading_of_the_help():
    shown = [name for group in GROUPS for name in group.names]
    assert sorted(shown) == sorted(f.name for f in dataclasses.fields(Recipe))


def test_a_recipe_is_plain_data():
    recipe = Recipe(model="vgg19", seed=3)
    read = json.loads(json.dumps(recipe.to_dict()))
    assert Recipe(**read) == recipe


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        Recipe().seed = 1


@pytest.mark.parametrize(
    "name", [field.name for field in FIELDS if field.metadata["choices"]]
)
def test_a_value_that_is_no_choice_is_an_error(name):
    expected = f"`{name}`. Expected one of .* Received: 'typo'"
    with pytest.raises(ValueError, match=expected):
        Recipe(**{name: "typo"})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("train_examples", 0, "at least 1"),
        ("search_epochs", 0, "at least 1"),
        ("finetune_epochs", -1, "at least 0"),
        ("batch_size", 0, "at least 1"),
        ("learning_rate", -0.1, "at least 0.0"),
        ("learning_rate", float("nan"), "at least 0.0"),
        ("weight_decay", -1e-9, "at least 0.0"),
        ("architecture_learning_rate", -1.0, "at least 0.0"),
        ("skip_inputs", 0, "at least 1"),
        ("cost_weight", -0.1, "at least 0.0"),
        ("seed", -1, "at least 0"),
        ("validation_share", 0, "between 0 and 1"),
        ("validation_share", 1.0, "between 0 and 1"),
        ("validation_share", float("nan"), "between 0 and 1"),
    ],
)
def test_a_value_out_of_range_is_an_error(name, value, expected):
    message = f"`{name}`. Expected {expected}. Received: {value}."
    with pytest.raises(ValueError, match=message):
        Recipe(**{name: value})


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"images_per_identity": 1}, "`images_per_identity`.*at least 2.*: 1"),
        ({"batch_size": 4}, "`batch_size`. Expected at least 8.*: 4"),
    ],
)
def test_triplets_need_two_identities_and_two_images_of_each(choices, message):
    with pytest.raises(ValueError, match=message):
        Recipe(task="retrieval", **choices)
    Recipe(task="retrieval", cross_entropy_weight=1.0, **choices)


def test_values_at_their_limits_are_allowed():
    recipe = Recipe(finetune_epochs=0, learning_rate=0.0, batch_size=1, seed=0)
    assert recipe.total_epochs == recipe.search_epochs


@pytest.mark.parametrize(
    ("choices", "compares"),
    [
        ({}, True),
        ({"dataset": "cifar10"}, False),
        ({"dataset": "cifar10", "baseline": True}, True),
        ({"baseline": False}, False),
        ({"method": "finetune"}, False),
        ({"method": "finetune", "baseline": True}, False),
    ],
)
def test_only_the_embedded_data_compares_unasked(choices, compares):
    assert Recipe(**choices).compares is compares


def test_limits_are_read_when_the_recipe_is_made():
    recipe = Recipe(max_macs="0.5x", max_params="3e5", max_depth="9")
    limits = {name: limit.resolve(100) for name, limit in recipe.limits.items()}
    assert limits == {"macs": 50, "parameters": 3e5, "depth": 9}
    with pytest.raises(ValueError, match=r"`max_latency_ms`.*'fast'"):
        Recipe(max_latency_ms="fast")


def test_plain_finetuning_has_no_limits():
    with pytest.raises(ValueError, match=r"`max_depth`.*None.*'9'"):
        Recipe(max_depth="9", method="finetune")
    assert make_baseline(Recipe(max_depth="9")).limits == {}


def test_a_smoke_run_is_shrunk_and_nothing_else():
    smoke = Recipe(smoke=True, model="vgg19", finetune_epochs=0)
    assert (shrink(smoke).search_epochs, shrink(smoke).batch_size) == (1, 8)
    assert shrink(smoke).model == "vgg19"
    plain = Recipe()
    assert shrink(plain) is plain


def test_the_baseline_is_plain_finetuning_with_as_many_epochs():
    recipe = Recipe(search_epochs=3, baseline=True, workdir="runs/x", seed=5)
    baseline = make_baseline(recipe)
    assert baseline.method == "finetune"
    assert baseline.total_epochs == recipe.total_epochs
    assert not baseline.compares
    assert baseline.workdir is None
    changed = {"method", "baseline", "workdir"}
    kept = {
        name: value
        for name, value in recipe.to_dict().items()
        if name not in changed
    }
    assert kept.items() <= baseline.to_dict().items()


@pytest.mark.parametrize(
    ("choices", "goes_on"),
    [
        ({}, True),
        ({"method": "finetune"}, True),
        ({"method": "bilevel", "source_dataset": "digits"}, True),
        ({"schedule": "two"}, False),
        ({"derived_weights": "scratch"}, False),
        ({"method": "darts"}, False),
        ({"method": "darts", "derived_weights": "inherit"}, False),
    ],
)
def test_one_cosine_goes_through_what_goes_on_with_the_weights(
    choices, goes_on
):
    """Halves of the data have fewer steps, and new weights begin anew."""
    assert Recipe(**choices).one_cosine == goes_on
