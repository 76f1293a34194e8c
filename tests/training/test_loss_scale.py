"""Weights and logits skip the same steps where gradients overflow."""

import keras
import numpy as np
import pytest
from search.small_models import make_residual
from search.small_models import randomize

from ntaa_tf import insert_mixed_ops
from ntaa_tf.training.loss_scale import LossScale
from ntaa_tf.training.loss_scale import scale_alike
from ntaa_tf.training.loss_scale import share_overflow
from ntaa_tf.training.precision import set_precision

SCALE = 2.0**10


def make_scaled():
    optimizer = LossScale(keras.optimizers.SGD(0.1), initial_scale=SCALE)
    optimizer.build([keras.Variable([0.0])])
    return optimizer


@pytest.fixture
def supernet(rng):
    supernet = insert_mixed_ops(randomize(make_residual(), rng))
    supernet.compile(
        LossScale(
            keras.optimizers.SGD(1e-3, momentum=0.9), initial_scale=SCALE
        ),
        architecture_optimizer=keras.optimizers.SGD(0.1, momentum=0.9),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        start="paper",
    )
    return supernet


@pytest.fixture
def batch(rng):
    images = rng.normal(size=(8, 16, 16, 3)).astype("float32")
    return images, rng.integers(4, size=8)


class InfiniteSlope(keras.regularizers.Regularizer):
    """A finite penalty whose gradient is infinite."""

    def __call__(self, logits):
        return keras.ops.sum(keras.ops.sqrt(0 * logits))


def read_all(supernet):
    """Read all variables of a step: weights, logits, momenta, counts."""
    return [
        variable.numpy()
        for variable in (
            *supernet.trainable_variables,
            *supernet.optimizer.inner_optimizer.variables,
            *supernet.architecture_optimizer.inner_optimizer.variables,
        )
    ]


def read_scales(supernet):
    optimizers = supernet.optimizer, supernet.architecture_optimizer
    return [float(optimizer.dynamic_scale) for optimizer in optimizers]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ([1.0, 2.0], [np.inf]),
        ([1.0, np.nan], [3.0]),
        ([None, np.inf], [None, 3.0]),
    ],
)
def test_an_overflow_is_seen_in_every_group(first, second):
    groups = share_overflow(make_scaled(), first, second)
    for before, after in zip((first, second), groups, strict=True):
        assert [g is None for g in after] == [g is None for g in before]
        assert not np.all(np.isfinite([g for g in after if g is not None]))


def test_finite_gradients_stay_as_they_are():
    groups = share_overflow(make_scaled(), [1.0, 2.0], [3.0])
    assert [list(map(float, group)) for group in groups] == [[1.0, 2.0], [3.0]]


def test_without_loss_scaling_nothing_is_done():
    groups = share_overflow(keras.optimizers.SGD(0.1), [np.inf], [1.0])
    assert groups == ([np.inf], [1.0])


def test_only_where_the_loss_is_scaled_the_other_optimizer_is_too():
    plain = keras.optimizers.SGD(0.1)
    assert scale_alike(keras.optimizers.SGD(0.1), plain) is plain
    wrapped = scale_alike(make_scaled(), plain)
    assert wrapped.inner_optimizer is plain
    assert wrapped.initial_scale == SCALE
    assert scale_alike(make_scaled(), wrapped) is wrapped


def test_a_step_with_an_infinity_moves_nothing(supernet, batch):
    images, labels = batch
    before = read_all(supernet)
    supernet.fit(np.where(images > 2, np.inf, images), labels, verbose=0)
    for new, old in zip(read_all(supernet), before, strict=True):
        np.testing.assert_array_equal(new, old)
    assert read_scales(supernet) == [SCALE / 2] * 2
    supernet.fit(images, labels, verbose=0)
    assert read_scales(supernet) == [SCALE / 2] * 2
    weights = zip(supernet.trainable_variables, before, strict=False)
    assert not any(
        np.array_equal(weight, old)
        for weight, old in weights
        if weight.name in ("kernel", "logits")
    )


def test_an_infinity_in_the_logits_alone_moves_nothing(supernet, batch):
    before = read_all(supernet)
    supernet.choices[0].logits.regularizer = InfiniteSlope()
    supernet.fit(*batch, verbose=0)
    for new, old in zip(read_all(supernet), before, strict=True):
        np.testing.assert_array_equal(new, old)
    assert read_scales(supernet) == [SCALE / 2] * 2


def search(precision, batch):
    keras.utils.set_random_seed(0)
    source = randomize(make_residual(), np.random.default_rng(0))
    supernet = insert_mixed_ops(source)
    set_precision(supernet, precision)
    optimizer = keras.optimizers.SGD(0.01)
    if precision == "float16":
        # So small that no step is skipped.
        optimizer = LossScale(optimizer, initial_scale=8.0)
    supernet.compile(
        optimizer,
        architecture_optimizer=keras.optimizers.SGD(0.1),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
    )
    options = {"epochs": 10, "shuffle": False, "verbose": 0}
    losses = supernet.fit(*batch, **options).history["loss"]
    assert {v.dtype for v in supernet.trainable_variables} == {"float32"}
    return losses


@pytest.mark.long
def test_a_search_in_half_precision_goes_as_one_in_single(batch):
    single = search("none", batch)
    for precision in ("float16", "bfloat16"):
        half = search(precision, batch)
        assert half != single
        np.testing.assert_allclose(half, single, rtol=0.05)
