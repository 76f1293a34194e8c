"""A recipe is plain, checked data; each choice is explained and bounded."""

import dataclasses
import json
import pathlib

import numpy as np
import pytest

from ntaa_tf.recipe import Recipe
from ntaa_tf.recipe import make_recipe
from ntaa_tf.recipe import replace
from ntaa_tf.recipe import switch
from ntaa_tf.recipe.recipe import SECTIONS
from ntaa_tf.recipe.recipe import list_choices
from ntaa_tf.recipe.recipe import list_unused
from ntaa_tf.recipe.renamed import MEANT
from ntaa_tf.recipe.renamed import RENAMED

CHOICES = list(list_choices())
NAMES = [field.name for _, field, _ in CHOICES]


def test_every_choice_has_one_name_in_all_sections():
    assert len(set(NAMES)) == len(NAMES)
    assert len(NAMES) > 80


def test_a_recipe_has_every_section():
    fields = {field.name for field in dataclasses.fields(Recipe)}
    assert fields == {*SECTIONS, "given"}


@pytest.mark.parametrize("choice", CHOICES, ids=NAMES)
def test_a_default_is_allowed(choice):
    section, field, described = choice
    SECTIONS[section](**{field.name: field.default})
    if described.options and field.default is not None:
        assert field.default in described.options


def test_a_recipe_is_plain_data():
    recipe = make_recipe(model="vgg19", seed=3)
    read = json.loads(json.dumps(recipe.to_dict()))
    assert replace(make_recipe(), **read) == recipe


def test_a_recipe_cannot_be_changed():
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_recipe().seed = 1
    with pytest.raises(dataclasses.FrozenInstanceError):
        make_recipe().output.seed = 1


@pytest.mark.parametrize(
    "name", [field.name for _, field, of in CHOICES if of.options]
)
def test_a_value_that_is_no_option_is_refused(name):
    expected = f"`{name}`. Expected one of .* Received: 'typo'"
    with pytest.raises(ValueError, match=expected):
        make_recipe(**{name: "typo"})


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("train_examples", 0, "at least 1"),
        ("search_epochs", 0, "at least 1"),
        ("finetune_epochs", -1, "at least 0"),
        ("batch_size", 0, "at least 1"),
        ("learning_rate", -0.1, "at least 0.0"),
        ("learning_rate", float("nan"), "at least 0.0"),
        ("learning_rate", float("inf"), "at least 0.0"),
        ("weight_decay", -1e-9, "at least 0.0"),
        ("architecture_learning_rate", -1.0, "at least 0.0"),
        ("skip_inputs", 0, "at least 1, at most 3"),
        ("skip_inputs", 4, "at least 1, at most 3"),
        ("cost_weight", -0.1, "at least 0.0"),
        ("confidence", 1.0, "at least 0, below 1"),
        ("warm_up", -0.1, "at least 0, below 1"),
        ("cross_entropy_weight", 1.5, "at least 0, at most 1"),
        ("key_temperature", 0.0, "above 0"),
        ("cell_channels", 5, "an even number"),
        ("last_stride", 3, "one of (1, 2)"),
        ("seed", -1, "at least 0"),
        ("seed", 2**32, "at least 0, at most 4294967295"),
        ("validation_share", 0, "above 0, below 1"),
        ("validation_share", 1.0, "above 0, below 1"),
        ("validation_share", float("nan"), "above 0, below 1"),
        ("resize", "0", "a size in pixels"),
    ],
)
def test_a_value_out_of_bounds_is_refused(name, value, expected):
    with pytest.raises(ValueError, match=f"`{name}`") as raised:
        make_recipe(**{name: value})
    assert f"Expected {expected}" in str(raised.value)
    assert f"Received: {value!r}." in str(raised.value)


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("batch_size", "32", "an integer"),
        ("batch_size", 32.0, "an integer"),
        ("batch_size", True, "an integer"),
        ("batch_size", None, "an integer"),
        ("learning_rate", "0.1", "a number"),
        ("confidence", [0.1], "a number"),
        ("baseline", "false", "True or False"),
        ("baseline", 0, "True or False"),
        ("model", 3, "text"),
        ("method", None, "one of .*"),
        ("preset", ["paper"], "one of .*"),
        ("export", ("onnx",), "text"),
        ("max_macs", True, "text"),
        ("seed", np.array([1, 2]), "an integer"),
    ],
)
def test_a_value_of_another_type_is_refused(name, value, expected):
    with pytest.raises(ValueError, match=f"`{name}`. Expected {expected}."):
        make_recipe(**{name: value})


def test_an_empty_text_is_refused():
    """An unknown variable of a shell is no run in the present directory."""
    for name in ("workdir", "supernet", "data_dir", "sites"):
        with pytest.raises(ValueError, match=f"--{name} is empty. Remove it"):
            make_recipe(**{name: ""})


def test_scalars_and_paths_become_plain_data():
    recipe = make_recipe(
        batch_size=np.int64(8),
        learning_rate=np.float32(0.5),
        remat=np.True_,
        model=np.str_("vgg19"),
        image_size=224,
        workdir=pathlib.Path("runs/x"),
    )
    assert recipe == make_recipe(
        batch_size=8,
        learning_rate=0.5,
        remat=True,
        model="vgg19",
        image_size="224",
        workdir="runs/x",
    )
    assert json.loads(json.dumps(recipe.to_dict())) == recipe.to_dict()


@pytest.mark.parametrize("change", [replace, switch])
def test_a_changed_recipe_has_known_choices_only(change):
    with pytest.raises(ValueError, match=r"--batch\. Did you mean"):
        change(make_recipe(), batch=3)
    with pytest.raises(ValueError, match="--tune is --learning_rate"):
        change(make_recipe(), tune=3)


def test_values_at_their_bounds_are_allowed():
    recipe = make_recipe(
        finetune_epochs=0, learning_rate=0.0, batch_size=1, seed=0
    )
    assert recipe.training.total_epochs == recipe.training.search_epochs


def test_an_unknown_choice_is_refused_with_the_nearest_name():
    with pytest.raises(
        ValueError, match=r"--batch\. Did you mean --batch_size"
    ):
        make_recipe(batch=3)


@pytest.mark.parametrize("other", MEANT)
def test_a_name_of_other_programs_is_told_by_what_it_may_mean(other):
    assert other not in NAMES
    assert set(MEANT[other]) <= {*NAMES}
    meant = " or ".join(f"--{name}" for name in MEANT[other])
    with pytest.raises(ValueError, match=f"no --{other}. Did you mean {meant}"):
        make_recipe(**{other: 1})


@pytest.mark.parametrize("former", RENAMED)
def test_a_renamed_choice_is_told_by_its_new_name(former):
    assert RENAMED[former] in NAMES
    assert former not in NAMES
    with pytest.raises(ValueError, match=f"--{former} is .*{RENAMED[former]}"):
        make_recipe(**{former: 1})


@pytest.mark.parametrize(
    ("choices", "compares"),
    [
        ({}, True),
        ({"dataset": "cifar10"}, True),
        ({"dataset": "cifar10", "baseline": True}, True),
        ({"baseline": False}, False),
        ({"method": "finetune"}, False),
        ({"method": "finetune", "baseline": True}, False),
    ],
)
def test_a_run_is_compared_with_the_baseline_unless_it_is_one(
    choices, compares
):
    assert make_recipe(**choices).has_baseline is compares


def test_limits_are_read_when_the_recipe_is_made():
    limits = make_recipe(max_macs="0.5x", max_params="3e5", max_depth="9")
    resolved = {
        name: limit.resolve(100)
        for name, limit in limits.limits.by_cost.items()
    }
    assert resolved == {"macs": 50, "parameters": 3e5, "depth": 9}
    with pytest.raises(ValueError, match=r"`max_latency_ms`.*'fast'"):
        make_recipe(max_latency_ms="fast")


@pytest.mark.parametrize(
    ("choices", "goes_on"),
    [
        ({}, True),
        ({"method": "finetune"}, True),
        ({"method": "bilevel", "source_dataset": "digits"}, True),
        ({"schedule": "separate"}, False),
        ({"derived_weights": "scratch"}, False),
        ({"method": "darts"}, False),
        ({"method": "darts", "derived_weights": "inherit"}, False),
    ],
)
def test_one_cosine_goes_through_where_the_weights_go_on(choices, goes_on):
    """Halves of the data have fewer steps, and new weights begin anew."""
    assert make_recipe(**choices).one_cosine == goes_on


def test_the_data_set_decides_the_task():
    assert make_recipe(dataset="adience").data.task == "attributes"
    assert make_recipe().data.task == "classification"


def test_a_switch_drops_the_choices_without_effect():
    recipe = make_recipe(max_depth="9", confidence=0.1, seed=4)
    switched = switch(recipe, method="finetune")
    assert switched.limits.by_cost == {}
    assert switched.search.confidence == 0.0
    assert switched.given == {"seed"}
    assert switched.output.seed == 4


def test_what_has_no_effect_depends_on_the_method_and_the_task():
    plain = list_unused(make_recipe(method="finetune"))
    assert {"confidence", "embedding_size", "max_macs", "supernet"} <= plain
    searched = list_unused(make_recipe(task="retrieval"))
    assert not {"confidence", "embedding_size", "max_macs"} & searched
