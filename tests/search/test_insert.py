"""Supernets start as their source and collapse to what they compute."""

import keras
import numpy as np
import pytest
from search.small_models import MODELS
from search.small_models import make_grouped
from search.small_models import make_residual
from search.small_models import make_shared
from search.small_models import randomize

from ntaa_tf import Architecture
from ntaa_tf import SiteChoice
from ntaa_tf import collapse
from ntaa_tf import derive
from ntaa_tf import insert_mixed_ops
from ntaa_tf.layers.candidates import Convolution
from ntaa_tf.layers.mixed_op import MixedOp

# Earlier inputs exist only where a site follows another: in the residual model.
# A shared site has none, whatever `skip_inputs` says.
CASES = [
    ("residual", 1),
    ("residual", 3),
    ("shared", 3),
    ("nested", 1),
    ("grouped", 1),
]


@pytest.fixture(scope="module")
def residual():
    """A source and its supernet, which no test changes."""
    source = make_residual()
    return source, insert_mixed_ops(source)


def draw_images(model, rng):
    shape = (4, *model.inputs[0].shape[1:])
    return rng.normal(size=shape).astype("float32")


@pytest.mark.parametrize(("name", "skip_inputs"), CASES)
def test_a_supernet_starts_as_its_source(name, skip_inputs, rng):
    source = randomize(MODELS[name](), rng)
    images = draw_images(source, rng)
    expected = source(images)
    supernet = insert_mixed_ops(source, skip_inputs=skip_inputs)
    np.testing.assert_allclose(supernet(images), expected, atol=1e-5)


def test_the_source_is_left_as_it_is(rng):
    source = randomize(make_residual(), rng)
    weights = source.get_weights()
    config = source.get_config()
    supernet = insert_mixed_ops(source)
    for weight in supernet.weights:
        weight.assign(weight + 1)
    assert source.get_config() == config
    for before, after in zip(weights, source.get_weights(), strict=True):
        np.testing.assert_array_equal(before, after)


def test_sites_are_the_main_path(residual):
    _, supernet = residual
    assert [choice.name for choice in supernet.choices] == [
        "first",
        "second",
        "separable",
        "padded",
    ]


def test_one_shared_layer_is_one_site(rng):
    source = randomize(make_shared(), rng)
    supernet = insert_mixed_ops(source)
    assert [choice.name for choice in supernet.choices] == ["shared"]
    collapsed = collapse(
        supernet, Architecture({"shared": SiteChoice("conv5x5")})
    )
    layer = collapsed.get_layer("shared")
    assert layer.kernel_size == (5, 5)
    images = draw_images(source, rng)
    np.testing.assert_allclose(collapsed(images), source(images), atol=1e-5)


def test_padding_before_a_site_is_absorbed(residual):
    _, supernet = residual
    kinds = [type(layer).__name__ for layer in supernet.layers]
    assert "ZeroPadding2D" not in kinds


def test_one_group_for_each_channel_is_depthwise():
    supernet = insert_mixed_ops(make_grouped())
    assert [(c.name, c.geometry.kind) for c in supernet.choices] == [
        ("depthwise", "depthwise")
    ]


def test_a_separable_convolution_keeps_its_pointwise_part(rng):
    source = randomize(make_residual(), rng)
    collapsed = collapse(
        insert_mixed_ops(source, sites="separable"),
        Architecture({"separable": SiteChoice("identity")}),
    )
    kernel = source.get_layer("separable").pointwise_kernel
    pointwise = collapsed.get_layer("separable_pointwise")
    np.testing.assert_array_equal(pointwise.kernel, kernel)
    assert pointwise.activation is keras.activations.relu


@pytest.mark.parametrize(("name", "skip_inputs"), CASES)
def test_collapse_is_the_supernet_at_one_hot(name, skip_inputs, rng):
    supernet = insert_mixed_ops(MODELS[name](), skip_inputs=skip_inputs)
    randomize(supernet, rng)
    images = draw_images(supernet, rng)
    for _ in range(3):
        for choice in supernet.choices:
            choice.choose(str(rng.choice(choice.options)))
        collapsed = collapse(supernet)
        expected = np.array(supernet(images))
        np.testing.assert_allclose(
            collapsed(images),
            expected,
            atol=1e-5 * max(1, np.abs(expected).max()),
        )


def test_a_collapsed_model_is_stock_keras_and_inherits_bit_for_bit(rng):
    supernet = randomize(insert_mixed_ops(make_residual()), rng)
    own = {weight.numpy().tobytes() for weight in supernet.weights}
    for choice in supernet.choices:
        choice.choose(choice.options[1])
        chosen = choice.candidates[1]
        if isinstance(chosen, Convolution):  # Source kernel and new taps.
            own.add(np.array(chosen.spread_kernel()).tobytes())
    collapsed = collapse(supernet)
    assert type(collapsed) is type(make_residual())
    for layer in collapsed.layers:
        assert type(layer).__module__.startswith("keras.")
        for weight in layer.get_weights():
            assert weight.tobytes() in own


def test_unused_layers_are_removed(rng):
    supernet = insert_mixed_ops(make_residual(), skip_inputs=3)
    sites = {
        choice.name: SiteChoice("source")
        for choice in supernet.choices
        if isinstance(choice, MixedOp)
    }
    sites["second"] = SiteChoice("source", reads=1)
    collapsed = collapse(supernet, Architecture(sites))
    names = [layer.name for layer in collapsed.layers]
    assert "first" not in names
    assert "second" in names


def test_an_identity_at_equal_shape_is_no_layer_at_all():
    supernet = insert_mixed_ops(make_residual(), sites="first")
    collapsed = collapse(
        supernet, Architecture({"first": SiteChoice("identity")})
    )
    assert not [x for x in collapsed.layers if x.name.startswith("first")]


@pytest.mark.parametrize("option", ["source", "conv5x5", "max_pool"])
def test_the_activation_of_a_site_follows_whatever_is_chosen(option, rng):
    source = randomize(make_residual(activation="tanh"), rng)
    supernet = insert_mixed_ops(source, sites="first")
    collapsed = collapse(supernet, Architecture({"first": SiteChoice(option)}))
    supernet.choices[0].choose(option)
    images = draw_images(source, rng)
    np.testing.assert_allclose(
        collapsed(images), supernet(images), rtol=1e-4, atol=1e-5
    )


def test_an_architecture_applies_to_another_copy_of_the_source(rng):
    source = randomize(make_residual(), rng)
    first = insert_mixed_ops(source, skip_inputs=3)
    for choice in first.choices:
        choice.choose(choice.options[-1])
    architecture = Architecture.from_json(derive(first).to_json())
    second = insert_mixed_ops(source, architecture=architecture)
    assert derive(second) == architecture
    images = draw_images(source, rng)
    np.testing.assert_allclose(second(images), first(images), atol=1e-5)
    np.testing.assert_allclose(
        collapse(second)(images), first(images), atol=1e-5
    )


def test_an_architecture_applies_whatever_candidates_found_it():
    architecture = Architecture({"first": SiteChoice("dilated3x3")})
    supernet = insert_mixed_ops(make_residual(), architecture=architecture)
    assert derive(supernet) == architecture


def test_a_convolution_without_an_alternative_is_no_site():
    supernet = insert_mixed_ops(make_residual(), candidates="conv1x1, conv1x1")
    names = [choice.name for choice in supernet.choices]
    assert names == ["first", "separable", "padded"]
    with pytest.raises(ValueError, match=r"own with the `candidates`"):
        insert_mixed_ops(make_residual(), candidates="conv1x1", sites="second")


def test_a_frozen_convolution_is_left_alone():
    source = make_residual()
    source.get_layer("first").trainable = False
    names = [choice.name for choice in insert_mixed_ops(source).choices]
    assert names == ["second", "separable", "padded"]


def test_an_architecture_of_another_model_is_refused():
    foreign = Architecture({"elsewhere": SiteChoice("identity")})
    with pytest.raises(ValueError, match=r"`architecture`.*\['elsewhere'\]"):
        insert_mixed_ops(make_residual(), architecture=foreign)
    supernet = insert_mixed_ops(make_residual(), sites="first")
    with pytest.raises(ValueError, match=r"\['first'\].*\['elsewhere'\]"):
        collapse(supernet, foreign)


def test_a_choice_that_the_site_does_not_have_is_refused():
    supernet = insert_mixed_ops(make_residual(), sites="first")
    for choice in (SiteChoice("conv9x9"), SiteChoice("source", reads=2)):
        with pytest.raises(ValueError, match="at site 'first'"):
            collapse(supernet, Architecture({"first": choice}))


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [3, 3, 0]),
        ({"source_lead": 2.0}, [2, 2, 0]),
        ({"inherit": False}, [3, 0, 0]),
        ({"start": "paper"}, [1, 0, 0]),
    ],
)
def test_all_candidates_that_start_as_the_source_have_its_lead(
    arguments, expected
):
    supernet = insert_mixed_ops(
        make_residual(), "conv5x5,identity", "first", **arguments
    )
    (choice,) = supernet.choices
    np.testing.assert_array_equal(choice.logits, expected)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"candidates": "conv9x9"}, "`candidates`"),
        ({"sites": "nothing.*"}, "`sites`"),
        ({"skip_inputs": 4}, "`skip_inputs`"),
        (
            {"start": "papers", "source_lead": 1.0},
            "`start`.*'exact', 'paper'.*'papers'",
        ),
    ],
)
def test_invalid_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        insert_mixed_ops(make_residual(), **arguments)
