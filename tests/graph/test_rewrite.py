"""A rewritten model differs from its donor only as asked; the donor stays."""

import keras
import numpy as np
import pytest
import tiny_models
from keras import layers
from tiny_models import make_images
from tiny_models import make_model
from tiny_models import predict

from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.rewrite import flatten
from ntaa_tf.graph.rewrite import rewrite


@pytest.fixture(params=tiny_models.FACTORIES)
def donor(request):
    return make_model(request.param)


def describe(model):
    """Describe everything about a donor that surgery could have changed."""
    lines = []
    model.summary(print_fn=lines.append, expand_nested=True)
    weights = [weight.numpy().tobytes() for weight in model.weights]
    nodes = [
        (layer.name, len(layer._inbound_nodes))
        for layer in model._flatten_layers()
        if layer is not model
    ]
    outputs = [output.tobytes() for output in predict(model)]
    return lines, weights, nodes, outputs


def assert_equal(model, donor):
    """Outputs and weights are the same, bit for bit."""
    for output, expected in zip(predict(model), predict(donor), strict=True):
        np.testing.assert_array_equal(output, expected)


def operation_names(model):
    return [operation.name for operation in model.operations]


@pytest.mark.parametrize("surgery", [rewrite, flatten])
def test_a_copy_computes_what_the_donor_computes(donor, surgery):
    assert_equal(surgery(donor), donor)


@pytest.mark.parametrize("surgery", [rewrite, flatten])
def test_a_copy_trains_as_the_donor_trains(donor, surgery):
    """Batch statistics, dropout and all."""
    copy = surgery(donor)
    for model in (donor, copy):
        keras.utils.set_random_seed(0)
        model(make_images(), training=True)
    for weight, expected in zip(copy.weights, donor.weights, strict=True):
        np.testing.assert_array_equal(weight.numpy(), expected.numpy())
    assert_equal(copy, donor)


@pytest.mark.parametrize("surgery", [rewrite, flatten])
def test_the_donor_is_left_as_it_is(donor, surgery):
    before = describe(donor)
    copy = surgery(donor)
    for weight in copy.weights:
        weight.assign(weight + 1)
    assert describe(donor) == before


def test_a_copy_keeps_names_and_shares_nothing(donor):
    copy = rewrite(donor)
    graph = as_functional(donor)
    assert operation_names(copy) == operation_names(graph)
    assert [weight.name for weight in copy.weights] == [
        weight.name for weight in graph.weights
    ]
    own = {id(operation) for operation in graph.operations}
    assert own.isdisjoint(map(id, copy.operations))


@pytest.mark.parametrize("surgery", [rewrite, flatten])
def test_a_copy_can_be_saved_and_loaded(donor, surgery, tmp_path):
    copy = surgery(donor)
    copy.save(tmp_path / "copy.keras")
    loaded = keras.saving.load_model(tmp_path / "copy.keras", safe_mode=True)
    assert_equal(loaded, donor)


def test_flattening_leaves_no_model_and_no_name_twice(donor):
    flat = flatten(donor)
    assert not any(isinstance(o, keras.Model) for o in flat.operations)
    assert len(set(operation_names(flat))) == len(flat.operations)
    assert flat.count_params() == donor.count_params()


@pytest.mark.parametrize(
    ("name", "convolutions"),
    [
        ("nested", ["conv", "inner_conv"]),
        ("doubly_nested", ["conv", "middle_conv", "inner_conv"]),
        ("nested_twice", ["conv"]),
        ("sequential_inside", ["conv", "sequence_conv", "block_conv"]),
    ],
)
def test_layers_of_nested_models_are_renamed_where_names_are_taken(
    name, convolutions
):
    names = [
        layer.name
        for layer in flatten(make_model(name)).layers
        if isinstance(layer, layers.Conv2D)
    ]
    assert names == convolutions


def test_a_new_name_is_not_one_that_is_taken_as_well():
    images = keras.Input((8, 8, 3))
    inner = keras.Sequential(
        [
            keras.Input((8, 8, 3)),
            layers.Conv2D(3, 1, name="conv"),
            layers.Conv2D(3, 1, name="inner_conv"),
        ],
        name="inner",
    )
    x = layers.Conv2D(3, 1, name="conv")(images)
    donor = keras.Model(images, inner(x))
    assert_equal(flatten(donor), donor)


def test_nested_models_may_have_layers_of_one_name():
    """A name that no layer of the outer model has."""
    images = keras.Input((8, 8, 3))
    x = images
    for name in ("left", "right"):
        block = [keras.Input((8, 8, 3)), layers.Conv2D(3, 1, name="conv")]
        x = keras.Sequential(block, name=name)(x)
    donor = keras.Model(images, x)
    flat = flatten(donor)
    assert operation_names(flat)[1:] == ["conv", "right_conv"]
    assert_equal(flat, donor)


def test_a_nested_model_may_be_called_with_keywords():
    images = keras.Input((8, 8, 3))
    block = keras.Sequential([keras.Input((8, 8, 3)), layers.Conv2D(3, 1)])
    donor = keras.Model(images, block(inputs=images, training=False))
    assert_equal(flatten(donor), donor)


def test_a_subclassed_model_is_refused():
    model = tiny_models.Subclassed()
    message = "Expected a functional .* 'subclassed' of class Subclassed"
    for surgery in (rewrite, flatten):
        with pytest.raises(ValueError, match=message):
            surgery(model)


def test_a_subclassed_model_inside_is_refused():
    images = keras.Input((8, 8, 3))
    model = keras.Model(images, tiny_models.Subclassed()(images))
    with pytest.raises(ValueError, match="'subclassed' of class Subclassed"):
        flatten(model)


def test_an_unbuilt_sequential_model_is_refused():
    with pytest.raises(ValueError, match="Expected a functional or built Seq"):
        rewrite(keras.Sequential([layers.Dense(1)]))


def test_a_subclass_of_a_functional_model_becomes_a_plain_one():
    class Named(keras.Model):
        pass

    donor = make_model("residual")
    copy = rewrite(Named(donor.inputs, donor.outputs))
    assert type(copy) is type(donor)
    assert_equal(copy, donor)


def test_a_replacement_stands_in_the_place_of_its_operation():
    donor = make_model("residual")
    copy = rewrite(donor, {"conv": layers.Identity(name="instead")})
    assert "conv" not in operation_names(copy)
    assert copy.get_layer("instead").output.shape == (None, 8, 8, 4)
    np.testing.assert_array_equal(
        copy.get_layer("logits").get_weights()[0],
        donor.get_layer("logits").get_weights()[0],
    )
    donor.get_layer("conv").kernel.assign(_delta((3, 3, 4, 4)))
    np.testing.assert_allclose(predict(copy)[0], predict(donor)[0], rtol=1e-5)


def _delta(shape):
    kernel = np.zeros(shape, "float32")
    kernel[shape[0] // 2, shape[1] // 2] = np.eye(*shape[2:])
    return kernel


def test_a_replacement_is_called_at_each_use_of_a_shared_layer():
    calls = []

    def double(tensor):
        calls.append(tensor)
        return tensor * 2.0

    donor = make_model("shared")
    copy = rewrite(donor, {"shared": double})
    assert len(calls) == 2
    stem = keras.Model(donor.input, donor.get_layer("stem").output)
    expected = 2 * np.maximum(2 * predict(stem)[0], 0)
    np.testing.assert_array_equal(predict(copy)[0], expected)


def test_an_operator_can_be_replaced():
    donor = make_model("residual")
    add = next(o for o in donor.operations if type(o).__name__ == "Add")
    copy = rewrite(donor, {add.name: lambda left, right: left})
    assert not {"conv", "conv_norm"} & set(operation_names(copy))


def test_what_nobody_reads_any_more_is_not_in_the_copy():
    images = keras.Input((8, 8, 3), name="images")
    x = layers.Conv2D(4, 3, padding="same", name="first")(images)
    x = layers.Conv2D(4, 3, padding="same", name="unread")(x)
    x = layers.Conv2D(4, 3, padding="same", name="last")(x)
    read = {}

    def remember(tensor):
        read["first"] = layers.Conv2D(4, 1, name="first")(tensor)
        return read["first"]

    replacements = {"first": remember, "last": lambda _: read["first"]}
    copy = rewrite(keras.Model(images, x), replacements)
    assert operation_names(copy) == ["images", "first"]


def test_an_unknown_name_is_an_error():
    expected = r"names of operations .* \['images', .*Received: \['typo'\]"
    with pytest.raises(ValueError, match=expected):
        rewrite(make_model("shared"), {"typo": layers.ReLU()})


def test_a_copy_can_read_images_of_another_size():
    donor = make_model("residual")
    copy = rewrite(donor, input_shape=(12, 10, 3))
    assert copy.input_shape == (None, 12, 10, 3)
    assert copy.inputs[0].name == "images"
    images = np.ones((1, 12, 10, 3), "float32")
    # A mean over all pixels: the same network runs on both sizes.
    anysize = keras.models.clone_model(
        donor, input_tensors=keras.Input((None, None, 3))
    )
    anysize.set_weights(donor.get_weights())
    np.testing.assert_array_equal(
        predict(copy, images)[0], predict(anysize, images)[0]
    )


def test_a_size_that_the_model_cannot_have_is_an_error():
    inputs = keras.Input((8, 8, 3))
    outputs = layers.Dense(2)(layers.Flatten()(inputs))
    with pytest.raises(ValueError):
        rewrite(keras.Model(inputs, outputs), input_shape=(4, 4, 3))


def test_a_size_for_one_of_two_inputs_is_an_error():
    inputs = [keras.Input((8, 8, 3)), keras.Input((8, 8, 3))]
    model = keras.Model(inputs, inputs[0] + inputs[1])
    with pytest.raises(
        ValueError, match=r"`input_shape` needs .* one input, .* 2"
    ):
        rewrite(model, input_shape=(4, 4, 3))


def test_clones_get_new_names():
    copy = rewrite(make_model("shared"), names={"shared": "renamed"})
    assert "renamed" in operation_names(copy)
    assert_equal(copy, make_model("shared"))


def test_adapted_statistics_survive():
    copy = rewrite(make_model("normalized"))
    mean = copy.get_layer("normalization").mean
    np.testing.assert_allclose(
        np.ravel(mean), make_images().mean((0, 1, 2)) * 3 + 2, rtol=1e-5
    )


def test_frozen_layers_stay_frozen():
    donor = make_model("residual")
    donor.get_layer("norm").trainable = False
    copy = rewrite(donor)
    assert not copy.get_layer("norm").trainable_weights
    assert copy.get_layer("conv_norm").trainable_weights
    assert_equal(copy, donor)


def test_seeds_are_kept():
    copy = rewrite(make_model("padded"))
    assert copy.layers[-1].seed == 7


def test_mixed_precision_is_kept():
    images = keras.Input((8, 8, 3))
    conv = layers.Conv2D(3, 1, dtype="mixed_float16", name="conv")
    copy = rewrite(keras.Model(images, conv(images)))
    assert copy.get_layer("conv").compute_dtype == "float16"
    assert copy.get_layer("conv").kernel.dtype == "float32"


def test_fresh_layers_train_from_new_weights_and_measures_stay():
    inputs = keras.Input((8, 8, 3))
    scale = layers.Normalization(mean=[1.0, 2.0, 3.0], variance=[4.0] * 3)
    adapted = layers.Normalization()
    adapted.adapt(np.random.default_rng(0).normal(size=(4, 8, 8, 3)))
    seeded = keras.initializers.HeNormal(seed=3)
    conv = layers.Conv2D(4, 3, kernel_initializer=seeded, name="conv")
    hidden = conv(adapted(scale(inputs)))
    norm = layers.BatchNormalization(name="norm")
    donor = keras.Model(inputs, norm(hidden))
    norm.moving_mean.assign(np.full(4, 7.0))
    copy = rewrite(donor, fresh=True)
    assert not np.array_equal(copy.get_layer("conv").kernel, conv.kernel)
    np.testing.assert_array_equal(copy.get_layer("norm").moving_mean, 0)
    keras.utils.set_random_seed(1)
    one = rewrite(donor, fresh=True).get_layer("conv").kernel
    keras.utils.set_random_seed(2)
    other = rewrite(donor, fresh=True).get_layer("conv").kernel
    assert not np.array_equal(one, other)
    measured = copy.get_layer(adapted.name)
    np.testing.assert_array_equal(measured.mean, adapted.mean)


@pytest.mark.parametrize("kind", [layers.Conv2D, layers.DepthwiseConv2D])
def test_fresh_kernels_have_he_s_deviation(kind):
    inputs = keras.Input((8, 8, 256))
    layer = kind(256, 3) if kind is layers.Conv2D else kind(3)
    copy = rewrite(keras.Model(inputs, layer(inputs)), fresh=True)
    kernel = copy.layers[-1].get_weights()[0]
    fan_in = 9 * 256 if kind is layers.Conv2D else 9
    assert np.std(kernel) == pytest.approx(np.sqrt(2 / fan_in), rel=0.1)


def test_both_kernels_of_a_separable_convolution_have_he_s_deviation():
    inputs = keras.Input((8, 8, 256))
    layer = layers.SeparableConv2D(256, 3)
    copy = rewrite(keras.Model(inputs, layer(inputs)), fresh=True)
    depthwise, pointwise = copy.layers[-1].get_weights()[:2]
    assert np.std(depthwise) == pytest.approx(np.sqrt(2 / 9), rel=0.1)
    assert np.std(pointwise) == pytest.approx(np.sqrt(2 / 256), rel=0.1)
