"""Mixed ops: fused equals literal, and collapse equals the one-hot mixture."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from geometries import list_geometries
from geometries import make_geometry

from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.layers.search_space import SEARCH_SPACES
from ntaa_tf.layers.search_space import list_candidates

SPACES = (
    "ntaa",
    "ntaa_dense",
    "ntaa_depthwise",
    "dilated3x3,separable5x5,zero,identity",
)
_AROUND = [(1, 1), (1, 1), (0, 0), (0, 0)]


def list_cases(space, every):
    """List geometries, and for each whether kernels are nested.

    A geometry where the space has the candidates of `ntaa` is left out: the
    case of `ntaa` is the same. Dense and depthwise geometries alternate, so
    that nesting changes with every second one.
    """
    geometries = [
        geometry
        for geometry in list_geometries(every)
        if space == "ntaa"
        or list_candidates(space, geometry) != list_candidates("ntaa", geometry)
    ]
    return [
        (geometry, index // 2 % 2 == 1)
        for index, geometry in enumerate(geometries)
    ]


def build_mixed_op(geometry, space, rng, **kwargs):
    """Build a mixed op with random weights, different for each candidate."""
    mixed_op = MixedOp(
        geometry,
        list_candidates(space, geometry),
        use_bias=True,
        name="site",
        **kwargs,
    )
    mixed_op.build((None, *geometry.input_size, geometry.in_channels))
    for weight in mixed_op.trainable_weights:
        weight.assign(rng.normal(size=weight.shape))
    mixed_op.set_pulls(0.0, 0.0)
    return mixed_op


def draw_images(geometry, rng):
    shape = (2, *geometry.input_size, geometry.in_channels)
    return rng.normal(size=shape).astype("float32")


def apply(layers, images):
    """Apply stock layers in turn."""
    for layer in layers:
        assert type(layer).__module__.startswith("keras.")
        images = layer(images)
    return images


def assert_close(actual, expected, where):
    atol = 1e-5 * max(1, np.abs(expected).max())
    np.testing.assert_allclose(actual, expected, atol=atol, err_msg=where)


@pytest.mark.parametrize("space", SPACES)
def test_fused_mixture_is_the_literal_one(space, rng):
    every = 3 if space in SEARCH_SPACES else 7
    for geometry, nests in list_cases(space, every):
        mixed_op = build_mixed_op(geometry, space, rng, nests=nests)
        images = draw_images(geometry, rng)
        literal = np.array(mixed_op.call_literally(images))
        assert_close(mixed_op(images), literal, str(geometry))


@pytest.mark.parametrize("space", SPACES)
def test_collapse_is_exact(space, rng):
    """Plain layers equal their candidate, and it equals the one-hot mixture.

    The options take turns at being chosen: the fused mixture, which is linear
    in the coefficients, is compared with all candidates above.
    """
    for index, (geometry, nests) in enumerate(list_cases(space, every=7)):
        mixed_op = build_mixed_op(
            geometry, space, rng, activation="relu", nests=nests
        )
        images = draw_images(geometry, rng)
        own = {w.numpy().tobytes() for w in mixed_op.trainable_weights}
        outputs = {}
        for option, candidate in zip(
            mixed_op.options, mixed_op.candidates, strict=True
        ):
            outputs[option] = np.array(keras.ops.relu(candidate(images)))
            layers = mixed_op.plain_layers(option)
            plain = apply(layers, images)
            where = f"{option} of {geometry}"
            assert_close(plain, outputs[option], where)
            inherited = [w for layer in layers for w in layer.get_weights()]
            # A nested kernel is a sum of two variables.
            assert nests or {w.tobytes() for w in inherited} <= own, where
        chosen = mixed_op.options[index % len(mixed_op.options)]
        mixed_op.choose(chosen)
        assert_close(mixed_op(images), outputs[chosen], f"{chosen}, {geometry}")


@pytest.mark.parametrize("channels", [(4, 8), (8, 4)])
def test_fused_and_literal_mixture_have_the_same_gradients(channels, rng):
    for geometry in (
        make_geometry(channels=channels),
        make_geometry("depthwise", channels=(4, 4)),
        make_geometry("pointwise", (1, 1), channels=channels),
        make_geometry("pointwise", (1, 1), stride=2, channels=channels),
        make_geometry(size=(2, 2), channels=channels),
    ):
        mixed_op = build_mixed_op(geometry, "ntaa", rng)
        images = tf.constant(draw_images(geometry, rng))
        watched = [images, *mixed_op.trainable_weights]
        gradients = []
        for call in (mixed_op, mixed_op.call_literally):
            with tf.GradientTape() as tape:
                tape.watch(images)
                loss = tf.reduce_sum(call(images) ** 3)
            gradients.append(tape.gradient(loss, watched))
        for fused, literal in zip(*gradients, strict=True):
            scale = np.abs(literal).max()
            np.testing.assert_allclose(fused, literal, atol=1e-4 * scale)


def test_separable_candidates_convolve_the_smaller_channel_count(rng):
    for channels in [(4, 8), (8, 4)]:
        geometry = make_geometry("pointwise", (1, 1), channels=channels)
        mixed_op = build_mixed_op(geometry, "separable5x5", rng)
        _, separable = mixed_op.candidates
        assert separable.depthwise_kernel.shape == (5, 5, 4, 1)
        assert mixed_op.count_macs() == 8 * 8 * (25 * 4 + 4 * 8)


@pytest.mark.parametrize("relaxation", ["gumbel", "single_path"])
def test_a_drawn_path_is_that_candidate(relaxation, rng):
    geometry = make_geometry("pointwise", (1, 1), channels=(8, 4))
    mixed_op = build_mixed_op(geometry, "ntaa", rng, activation="relu")
    images = draw_images(geometry, rng)
    mixed_op.relaxation = relaxation
    for index, candidate in enumerate(mixed_op.candidates):
        mixed_op.drawn.assign(index)
        np.testing.assert_array_equal(
            mixed_op(images), keras.ops.relu(candidate(images))
        )


@pytest.mark.parametrize("kind", ["dense", "pointwise", "depthwise"])
def test_a_new_mixed_op_computes_the_source(kind, rng):
    kernel_size = (1, 1) if kind == "pointwise" else (3, 3)
    geometry = make_geometry(kind, kernel_size, stride=2)
    mixed_op = MixedOp(geometry, list_candidates("ntaa", geometry))
    layer = keras.layers.Conv2D(4, kernel_size, 2, "same", use_bias=False)
    if kind == "depthwise":
        layer = keras.layers.DepthwiseConv2D(
            kernel_size, 2, "same", use_bias=False
        )
    images = draw_images(geometry, rng)
    expected = layer(images)
    mixed_op.build(images.shape)
    mixed_op.inherit(layer.get_weights()[0], None, all_candidates=True)
    np.testing.assert_allclose(mixed_op(images), expected, atol=1e-6)


def test_inherited_candidates_keep_the_source_where_they_can(rng):
    geometry = make_geometry()
    mixed_op = build_mixed_op(geometry, "conv5x5,conv1x1", rng)
    kernel = rng.normal(size=(3, 3, 4, 4)).astype("float32")
    bias = np.arange(4, dtype="float32")
    mixed_op.inherit(kernel, bias, all_candidates=True)
    _, larger, smaller = mixed_op.candidates
    np.testing.assert_array_equal(
        larger.kernel, np.pad(kernel, [(1, 1), (1, 1), (0, 0), (0, 0)])
    )
    np.testing.assert_array_equal(smaller.kernel, kernel[1:2, 1:2])
    np.testing.assert_array_equal(larger.bias, bias)


def test_random_candidates_stay_random_on_request(rng):
    mixed_op = build_mixed_op(make_geometry(), "conv5x5", rng)
    before = mixed_op.candidates[1].kernel.numpy()
    kernel = np.ones((3, 3, 4, 4), "float32")
    mixed_op.inherit(kernel, np.zeros(4), all_candidates=False)
    np.testing.assert_array_equal(mixed_op.candidates[1].kernel, before)
    np.testing.assert_array_equal(mixed_op.source.kernel, kernel)


@pytest.mark.parametrize("space", SPACES)
def test_only_candidates_equal_to_the_source_share_its_lead(space, rng):
    for geometry, _ in list_cases(space, every=7):
        mixed_op = MixedOp(
            geometry, list_candidates(space, geometry), lead=3.0, nests=True
        )
        images = draw_images(geometry, rng)
        mixed_op.build(images.shape)
        kernel = rng.normal(size=mixed_op.source.kernel.shape)
        mixed_op.inherit(kernel, None, all_candidates=True)
        own = np.array(mixed_op.source(images))
        for candidate in mixed_op.candidates[1:]:
            if candidate.keeps_source:
                where = f"{candidate.name} of {geometry}"
                assert_close(candidate(images), own, where)
        same = [candidate.keeps_source for candidate in mixed_op.candidates]
        expected = np.where(same, 3.0, 0.0)
        np.testing.assert_array_equal(mixed_op.logits, expected)


def test_a_nested_kernel_is_the_source_s_with_trained_taps_around(rng):
    geometry = make_geometry()
    mixed_op = build_mixed_op(geometry, "conv5x5", rng, nests=True)
    source, larger = mixed_op.candidates
    kernel = np.array(larger.spread_kernel())
    own = source.kernel.numpy()
    np.testing.assert_array_equal(kernel[1:4, 1:4], own)
    around = larger.kernel.numpy()
    around[1:4, 1:4] = 0
    np.testing.assert_array_equal(kernel - np.pad(own, _AROUND), around)
    assert larger.bias is source.bias
    (layer,) = mixed_op.plain_layers("conv5x5")
    np.testing.assert_array_equal(layer.kernel, kernel)


def test_the_source_learns_wherever_its_taps_are_used(rng):
    """∂L/∂K has the weight c_source + c_5×5 = 1: both kernels contain K."""
    mixed_op = build_mixed_op(make_geometry(), "conv5x5", rng, nests=True)
    images = draw_images(mixed_op.geometry, rng)
    source, larger = mixed_op.candidates
    gradients = []
    for mixes in (True, False):
        with tf.GradientTape() as tape:
            outputs = mixed_op(images) if mixes else source(images)
            loss = tf.reduce_sum(outputs * images)
        variables = [source.kernel.value, larger.kernel.value]
        gradients.append(tape.gradient(loss, variables))
    np.testing.assert_allclose(
        gradients[0][0], gradients[1][0], rtol=1e-4, atol=1e-4
    )
    inner = gradients[0][1].numpy()
    assert not inner[1:4, 1:4].any()
    inner[1:4, 1:4] = 1
    assert inner.all()


@pytest.mark.parametrize(
    ("space", "kernel", "nests", "expected"),
    [
        ("conv5x5,conv1x1,identity", (3, 3), True, [3, 3, 0, 0]),
        ("conv5x5,conv1x1,identity", (3, 3), False, [3, 0, 0, 0]),
        ("dilated3x3,separable5x5", (3, 3), True, [3, 0, 0]),
        ("separable5x5,separable3x3", (1, 1), True, [3, 3, 3]),
        ("conv5x5,conv3x3", (1, 1), True, [3, 3, 3]),
    ],
)
def test_larger_kernels_share_the_lead(space, kernel, nests, expected, rng):
    geometry = make_geometry(
        "pointwise" if kernel == (1, 1) else "dense", kernel
    )
    config = build_mixed_op(
        geometry, space, rng, lead=3.0, nests=nests
    ).get_config()
    mixed_op = MixedOp.from_config(config)
    mixed_op.build((None, 8, 8, 4))
    np.testing.assert_array_equal(mixed_op.logits, expected)
    assert mixed_op.winner == "source"


def test_separable_candidates_share_the_pointwise_kernel(rng):
    geometry = make_geometry("pointwise", (1, 1), channels=(4, 8))
    mixed_op = build_mixed_op(geometry, "ntaa", rng)
    kernels = [w for w in mixed_op.trainable_weights if w.shape[2:] == (4, 8)]
    assert len(kernels) == 1


def test_the_paper_s_dense_space_has_its_own_kernels_at_pointwise_sites(rng):
    geometry = make_geometry("pointwise", (1, 1), channels=(4, 8))
    mixed_op = build_mixed_op(geometry, "ntaa_dense", rng)
    kernels = [w for w in mixed_op.trainable_weights if w.shape[2:] == (4, 8)]
    assert [k.shape[0] for k in kernels] == [1, 5, 3]


def test_logit_gradients_match_finite_differences(rng):
    geometry = make_geometry(channels=(4, 8))
    mixed_op = build_mixed_op(geometry, "ntaa", rng)
    images = draw_images(geometry, rng)
    target = rng.normal(size=(2, 8, 8, 8)).astype("float32")

    def loss():
        return tf.reduce_mean(mixed_op(images) * target)

    with tf.GradientTape() as tape:
        value = loss()
    gradient = tape.gradient(value, mixed_op.logits.value).numpy()
    logits = mixed_op.logits.numpy()
    step = 1e-2
    for index in range(len(logits)):
        moved = step * np.eye(len(logits))[index]
        mixed_op.logits.assign(logits + moved)
        above = float(loss())
        mixed_op.logits.assign(logits - moved)
        below = float(loss())
        numeric = (above - below) / (2 * step)
        assert gradient[index] == pytest.approx(numeric, rel=2e-2, abs=2e-5)
    assert gradient.sum() == pytest.approx(0, abs=1e-6)


def test_gradients_of_source_logits_flow_at_the_exact_start(rng):
    mixed_op = build_mixed_op(make_geometry(), "ntaa", rng)
    mixed_op.logits.assign(np.eye(len(mixed_op.options))[0])
    mixed_op.set_pulls(1.0, 0.0)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(mixed_op(draw_images(mixed_op.geometry, rng)) ** 2)
    assert np.all(tape.gradient(loss, mixed_op.logits.value).numpy() != 0)


@pytest.mark.parametrize("kind", ["dense", "pointwise", "depthwise"])
def test_mixed_op_survives_a_file(kind, rng, tmp_path):
    kernel_size = (1, 1) if kind == "pointwise" else (3, 3)
    geometry = make_geometry(kind, kernel_size)
    mixed_op = build_mixed_op(geometry, "ntaa", rng, activation="relu")
    inputs = keras.Input((8, 8, 4))
    model = keras.Model(inputs, mixed_op(inputs))
    model.save(tmp_path / "model.keras")
    reopened = keras.models.load_model(tmp_path / "model.keras")
    images = draw_images(geometry, rng)
    np.testing.assert_array_equal(reopened(images), model(images))


def test_shape_without_a_call_is_the_shape_of_a_call(rng):
    for geometry in list_geometries(every=11):
        mixed_op = build_mixed_op(geometry, "ntaa", rng)
        images = draw_images(geometry, rng)
        shape = mixed_op.compute_output_shape(images.shape)
        assert shape == mixed_op(images).shape


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_kernels_merge_in_full_precision(policy, rng):
    geometry = make_geometry()
    mixed_op = build_mixed_op(geometry, "ntaa", rng, dtype=policy)
    images = draw_images(geometry, rng)
    outputs = mixed_op(images, training=True)
    assert outputs.dtype == policy.removeprefix("mixed_")
    assert mixed_op.source.kernel.dtype == "float32"
    assert mixed_op.coefficients().dtype == "float32"


def test_training_changes_every_candidate_s_weights(rng):
    geometry = make_geometry()
    mixed_op = build_mixed_op(geometry, "ntaa", rng)
    inputs = keras.Input((8, 8, 4))
    model = keras.Model(inputs, mixed_op(inputs))
    model.compile(keras.optimizers.SGD(0.1), loss="mse")
    before = [w.numpy() for w in mixed_op.trainable_weights]
    images = draw_images(geometry, rng)
    model.fit(images, np.zeros((2, 8, 8, 4)), verbose=0)
    for weight, old in zip(mixed_op.trainable_weights, before, strict=True):
        assert not np.array_equal(weight, old), weight.path
