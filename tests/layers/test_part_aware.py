"""The part-aware module computes what its authors released."""

import functools
import itertools

import keras
import numpy as np
import pytest

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.part_aware import PartAware
from ntaa_tf.layers.part_aware import cut_rows


def make(rows=10, width=6, channels=32, filters=32, stride=1, parts=4):
    geometry = Geometry(
        kind="dense",
        kernel_size=(3, 3),
        strides=(stride, stride),
        dilation=(1, 1),
        padding=((1, 1), (1, 1)),
        input_size=(rows, width),
        in_channels=channels,
        out_channels=filters,
    )
    layer = PartAware(geometry, parts)
    layer.build((None, rows, width, channels))
    return layer


# For tests that neither train the layer nor update its moving statistics.
make_once = functools.cache(make)


def draw(layer, rng, count=2):
    shape = (count, *layer.geometry.input_size, layer.geometry.in_channels)
    return rng.normal(size=shape).astype("float32")


def look_inside(layer, name, images):
    inner = layer.network.get_layer(f"{layer.name}_{name}").output
    return np.asarray(keras.Model(layer.network.input, inner)(images))


@pytest.mark.parametrize(
    ("channels", "filters"), [(32, 32), (64, 32), (10, 128)]
)
def test_parameters_are_counted_as_published(channels, filters):
    """4 (Ch + 3h) + 2 (h² + h) + (C + h) C′ + 2 C′; 3,028 at 32 channels."""
    layer = make(channels=channels, filters=filters)
    h = channels // 3
    expected = 4 * (channels * h + 3 * h) + 2 * (h * h + h)
    expected += (channels + h) * filters + 2 * filters
    assert channels != 32 or filters != 32 or expected == 3028
    counts = [np.prod(v.shape) for v in layer.trainable_variables]
    assert sum(counts) == expected


@pytest.mark.parametrize(
    ("height", "rows"),
    [(10, [0, 2, 5, 7, 10]), (4, [0, 1, 2, 3, 4]), (16, [0, 4, 8, 12, 16])],
)
def test_rows_are_cut_where_published(height, rows):
    assert cut_rows(height, 4) == rows


def test_attention_is_softmax_of_keys_and_queries(rng):
    layer = make_once()
    images = draw(layer, rng)
    parts, keys, queries, attention, attended = (
        look_inside(layer, name, images)
        for name in ("parts", "keys", "queries", "attention", "attended")
    )
    scores = np.einsum("bik,bjk->bij", keys, queries)
    weights = np.exp(scores - scores.max(-1, keepdims=True))
    expected = weights / weights.sum(-1, keepdims=True)
    np.testing.assert_allclose(attention, expected, atol=1e-6)
    np.testing.assert_allclose(attention.sum(-1), 1, atol=1e-6)
    np.testing.assert_allclose(
        attended, np.einsum("bij,bjk->bik", expected, parts), atol=1e-5
    )


def test_a_part_s_descriptor_fills_all_its_rows_and_columns(rng):
    layer = make_once()
    images = draw(layer, rng)
    spread = look_inside(layer, "spread", images)
    attended = look_inside(layer, "attended", images)
    rows = cut_rows(10, 4)
    for part, (first, end) in enumerate(itertools.pairwise(rows)):
        np.testing.assert_array_equal(
            spread[:, first:end],
            np.broadcast_to(
                attended[:, None, None, part], spread[:, first:end].shape
            ),
        )


def test_descriptors_do_not_depend_on_the_order_of_pixels(rng):
    layer = make_once()
    images = draw(layer, rng)
    shuffled = images.copy()
    part = shuffled[:, 2:5].reshape(len(images), -1, images.shape[-1])
    shuffled[:, 2:5] = part[:, rng.permutation(part.shape[1])].reshape(
        shuffled[:, 2:5].shape
    )
    np.testing.assert_allclose(
        *(look_inside(layer, "attended", x) for x in (images, shuffled)),
        atol=1e-5,
    )


def test_one_part_changes_the_descriptors_of_all_others(rng):
    layer = make_once()
    images = draw(layer, rng)
    other = images.copy()
    other[:, :2] = 9.0
    before, after = (look_inside(layer, "attended", x) for x in (images, other))
    assert np.all(np.any(before != after, axis=-1))


@pytest.mark.parametrize(("rows", "width"), [(8, 4), (16, 8), (7, 5)])
def test_strides_halve_rows_and_columns(rows, width, rng):
    layer = make(rows, width, stride=2, filters=64)
    images = draw(layer, rng)
    shape = (2, -(-rows // 2), -(-width // 2), 64)
    assert layer(images).shape == shape
    assert layer.compute_output_shape((2, rows, width, 32)) == shape


def test_strided_halves_see_both_diagonals(rng):
    """The first half reads pixels (0, 0), (0, 2) …; the second (1, 1) ….

    At an even size neither reads a pixel beyond the border.
    """
    layer = make(8, 8, stride=2, filters=2)
    first, second = (
        layer.network.layers[k]
        for k in range(len(layer.network.layers))
        if isinstance(layer.network.layers[k], keras.layers.Conv2D)
    )
    images = draw(layer, rng)
    joined = np.maximum(look_inside(layer, "joined", images), 0)
    for conv, start in ((first, 0), (second, 1)):
        np.testing.assert_allclose(
            look_inside(
                layer, conv.name.removeprefix(f"{layer.name}_"), images
            ),
            joined[:, start::2, start::2] @ np.asarray(conv.kernel)[0, 0],
            atol=1e-4,
        )


@pytest.mark.parametrize("stride", [1, 2])
def test_collapse_gives_a_plain_model_with_its_weights(stride, rng, tmp_path):
    layer = make(stride=stride)
    images = draw(layer, rng, 8)
    for _ in range(2):
        layer(images, training=True)  # The moving statistics move.
    (plain,) = layer.plain_layers("site")
    assert plain.name == "site"
    for operation in plain.operations:
        assert type(operation).__module__.startswith("keras.")
    np.testing.assert_array_equal(plain(images), layer(images))
    plain.save(tmp_path / "plain.keras")
    reopened = keras.models.load_model(tmp_path / "plain.keras")
    np.testing.assert_allclose(reopened(images), layer(images), atol=1e-6)


def test_it_is_saved_and_opened(rng, tmp_path):
    layer = make_once()
    inputs = keras.Input((10, 6, 32))
    model = keras.Model(inputs, layer(inputs))
    model.save(tmp_path / "model.keras")
    reopened = keras.models.load_model(tmp_path / "model.keras")
    images = draw(layer, rng)
    np.testing.assert_allclose(reopened(images), model(images), atol=1e-6)
    assert reopened.layers[-1].parts == 4


def test_all_weights_learn(rng):
    layer = make()
    inputs = keras.Input((10, 6, 32))
    model = keras.Model(inputs, layer(inputs))
    optimizer = keras.optimizers.SGD(0.1)
    # One eager step is faster than tracing a graph.
    model.compile(optimizer, loss="mse", run_eagerly=True)
    images = draw(layer, rng, 8)
    targets = rng.normal(size=(8, 10, 6, 32)).astype("float32")
    before = [variable.numpy() for variable in layer.trainable_variables]
    model.fit(images, targets, batch_size=8, verbose=0)
    for variable, value in zip(layer.trainable_variables, before, strict=True):
        # Batch norm cancels the biases before it, and softmax a bias that adds
        # the same to all scores of a row.
        if "bias" not in variable.path:
            assert not np.array_equal(variable, value), variable.path


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        ({"rows": 3}, r"`parts`\. Expected 1 to 3,.*Received: 4"),
        ({"parts": 0}, r"`parts`\. Expected 1 to 10,.*Received: 0"),
        ({"channels": 2}, r"at least 3 input channels\. Received: 2"),
        ({"stride": 3}, r"strides of \(1, 1\) or \(2, 2\)\. Rec.*\(3, 3\)"),
        ({"stride": 2, "filters": 33}, r"an even number of.*Received: 33"),
    ],
)
def test_invalid_arguments_are_errors(flags, message):
    with pytest.raises(ValueError, match=message):
        make(**flags)
