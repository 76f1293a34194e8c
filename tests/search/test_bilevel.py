"""Each level learns from its own stream; second order is what it claims."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import ops
from search.small_models import make_small_supernet
from search.small_models import restoring

from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.layers.choice import Choice
from ntaa_tf.losses import BatchHardTriplet
from ntaa_tf.search.bilevel import BilevelSupernet
from ntaa_tf.search.target_head import TargetHead

RATE = 0.5


class Toy(Choice):
    """y = w · x₁ + c_b · x₂: quadratic losses with known inner optima."""

    def __init__(self, **kwargs):
        super().__init__(options=("a", "b"), **kwargs)

    def build(self, input_shape):
        super().build(input_shape)
        self.weight = self.add_weight((), "ones", name="weight")

    def call(self, features):
        share = self.coefficients()[1]
        first, second = ops.unstack(features, 2, axis=-1)
        return (self.weight * first + share * second)[:, None]


def make_toy(**kwargs):
    inputs = keras.Input((2,))
    model = BilevelSupernet(inputs, Toy()(inputs))
    model.compile(
        keras.optimizers.SGD(RATE),
        architecture_optimizer=keras.optimizers.SGD(1.0),
        loss="mse",
        start="paper",
        end="paper",
        **kwargs,
    )
    return model


def step(model, training, held_out):
    """Run one step on pairs of (features, target)."""
    pair = tuple(
        (np.array([x], "float32"), np.array([[y]], "float32"))
        for x, y in (training, held_out)
    )
    before = model.logits[0].numpy()
    model.fit(tf.data.Dataset.from_tensors(pair), verbose=0)
    return before, before - model.logits[0].numpy()


def differentiate_share(logits):
    """∂c_b/∂θ of c = softmax(θ)."""
    shares = np.exp(logits) / np.exp(logits).sum()
    return shares[1] * (np.eye(2)[1] - shares), shares[1]


def test_the_unrolled_gradient_is_that_of_the_inner_optimum():
    """With rate ½ one step on (w + c − 3)² ends at its optimum w* = 3 − c.

    So the held-out loss (w* + 2c − 7)² = (c − 4)² has the gradient 2 (c − 4).
    """
    logits, moved = step(make_toy(unrolled=True), ((1, 1), 3), ((1, 2), 7))
    slope, share = differentiate_share(logits)
    np.testing.assert_allclose(moved, 2 * (share - 4) * slope, rtol=1e-3)


def test_first_order_takes_the_weights_as_they_are():
    logits, moved = step(make_toy(), ((1, 1), 3), ((1, 2), 7))
    slope, share = differentiate_share(logits)
    expected = 2 * (1 + 2 * share - 7) * 2 * slope
    np.testing.assert_allclose(moved, expected, rtol=1e-5)


def test_the_unrolled_gradient_is_taken_around_the_weights_as_they_were(rng):
    """Weights that the held-out loss does not depend on stay where they are.

    They are the weights of the second output, which the training loss takes.
    """
    inputs = keras.Input((2,))
    choice = Toy()(inputs)
    head = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")
    model = BilevelSupernet(inputs, [choice, head(choice)])
    model.compile(
        keras.optimizers.SGD(RATE),
        architecture_optimizer=keras.optimizers.SGD(1.0),
        architecture_loss=keras.losses.MeanSquaredError(),
        loss=["mse", "mse"],
        start="paper",
        end="paper",
        unrolled=True,
    )
    pair = tuple(
        (np.array([x], "float32"), (np.array([[y]], "float32"),) * 2)
        for x, y in (((1, 1), 3), ((1, 2), 7))
    )
    before = model.logits[0].numpy()
    model.fit(tf.data.Dataset.from_tensors(pair), verbose=0)
    # With the head at 1, L_training = 2 (w + c − 3)², so ∂w′/∂c = −4ξ = −2. In
    # w′ + 2c the direct effect of c and the effect through w′ cancel.
    np.testing.assert_allclose(model.logits[0].numpy(), before, atol=2e-2)


def make_judged(share, **kwargs):
    """A toy whose second batch has identities that only a head knows."""
    inputs = keras.Input((2,))
    choice = Toy()(inputs)
    embedding = keras.layers.Dense(3, kernel_initializer="ones")(choice)
    model = BilevelSupernet(inputs, embedding)
    head = TargetHead(3, 2, share, keras.optimizers.SGD(1.0))
    head.kernel.assign([[1.0, -1.0], [0.5, 0.0], [0.0, 2.0]])
    model.compile(
        keras.optimizers.SGD(RATE),
        architecture_optimizer=keras.optimizers.SGD(1.0),
        architecture_loss=BatchHardTriplet(),
        loss="mse",
        start="paper",
        end="paper",
        target_head=head,
        **kwargs,
    )
    return model, head


def step_judged(model, head):
    """Return the moves of logits, head kernel and network weights."""
    watched = [*model.logits, head.kernel, *model.network_variables]
    before = [variable.numpy() for variable in watched]
    pair = tuple(
        (np.array([x], "float32"), np.array([y], "float32"))
        for x, y in (((1, 1), (3, 3, 3)), ((1, 2), (0, 1)))
    )
    model.fit(tf.data.Dataset.from_tensors(pair), verbose=0)
    return [
        variable.numpy() - value
        for variable, value in zip(watched, before, strict=True)
    ]


@pytest.mark.parametrize("unrolled", [False, True])
def test_a_second_head_judges_the_logits_and_learns(unrolled):
    """By the gradient of the cross-entropy, at the weights as they were."""
    model, head = make_judged(1.0, unrolled=unrolled)
    model.optimizer.learning_rate = 0.0  # So that unrolled is first order.
    kernel = head.kernel.numpy()
    slope, share = differentiate_share(model.logits[0].numpy())
    embedding = np.full(3, 1 + 2 * share)
    logits = embedding @ kernel
    surprise = np.exp(logits) / np.exp(logits).sum() - [0, 1]
    moved_logits, moved_kernel, *_ = step_judged(model, head)
    np.testing.assert_allclose(
        moved_kernel, -np.outer(embedding, surprise), rtol=1e-4, atol=1e-6
    )
    expected = -2 * np.sum(kernel @ surprise) * slope
    np.testing.assert_allclose(moved_logits, expected, rtol=1e-3)


def test_no_weight_of_the_network_learns_from_a_second_head():
    """The weights' step is the same, whatever the head says."""
    moves = []
    for kernel in (np.zeros((3, 2)), np.full((3, 2), 5.0)):
        model, head = make_judged(1.0)
        model.architecture_optimizer.learning_rate = 0.0
        head.kernel.assign(kernel)
        moves.append(step_judged(model, head)[2:])
    for first, second in zip(*moves, strict=True):
        np.testing.assert_array_equal(first, second)
    assert any(np.any(move) for move in moves[0])


def test_a_second_head_needs_a_loss_beside_it_and_no_scaling():
    model, head = make_judged(1.0)
    with pytest.raises(ValueError, match=r"`target_head`.*architecture loss"):
        model.compile(target_head=head)
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD())
    with pytest.raises(ValueError, match=r"`target_head`.*scales the loss"):
        model.compile(
            scaled,
            target_head=head,
            architecture_loss=BatchHardTriplet(),
        )


def test_an_unrolled_step_of_no_length_is_first_order():
    model = make_toy(unrolled=True)
    model.optimizer.learning_rate = 0.0
    _, moved = step(model, ((1, 1), 3), ((1, 2), 7))
    _, expected = step(make_toy(), ((1, 1), 3), ((1, 2), 7))
    np.testing.assert_allclose(moved, expected, rtol=1e-5)


@pytest.mark.parametrize("unrolled", [False, True])
def test_the_weights_step_from_where_they_were(unrolled):
    """The second order restores the weights after its finite difference."""
    model = make_toy(unrolled=unrolled)
    step(model, ((1, 1), 3), ((1, 2), 7))
    _, share = differentiate_share(model.logits[0].numpy())
    expected = 1 - RATE * 2 * (1 + share - 3)
    assert float(model.layers[-1].weight) == pytest.approx(expected, rel=1e-4)


def make_supernet(rng, **kwargs):
    supernet = make_small_supernet(rng)
    model = BilevelSupernet(*single_or_list(supernet))
    model.compile(
        kwargs.pop("optimizer", keras.optimizers.SGD(0.1)),
        architecture_optimizer=keras.optimizers.SGD(
            kwargs.pop("architecture_rate", 0.1)
        ),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        start="paper",
        **kwargs,
    )
    return model


def draw_batch(rng, scale=1.0):
    images = scale * rng.normal(size=(8, 16, 16, 3)).astype("float32")
    return images, rng.integers(4, size=8)


def copy_values(variables):
    return [variable.numpy() for variable in variables]


def assert_same(variables, values):
    for variable, value in zip(variables, values, strict=True):
        np.testing.assert_array_equal(variable, value)


@pytest.mark.parametrize("unrolled", [False, True])
@pytest.mark.parametrize("level", ["weights", "logits"])
def test_a_step_of_one_level_leaves_the_other(level, unrolled, rng):
    """A level with a learning rate of 0 stays, to the last bit."""
    model = make_supernet(
        rng,
        optimizer=keras.optimizers.SGD(0.0 if level == "logits" else 0.1),
        architecture_rate=0.1 if level == "logits" else 0.0,
        unrolled=unrolled,
    )
    weights, logits = model.network_variables, model.logits
    before = copy_values(weights), copy_values(logits)
    pairs = tf.data.Dataset.from_tensors((draw_batch(rng), draw_batch(rng)))
    model.fit(pairs, verbose=0)
    still, kept = (
        (weights, before[0]) if level == "logits" else (logits, before[1])
    )
    moved, old = (
        (logits, before[1]) if level == "logits" else (weights, before[0])
    )
    assert_same(still, kept)
    assert any(
        not np.array_equal(variable, value)
        for variable, value in zip(moved, old, strict=True)
    )


@pytest.mark.parametrize("unrolled", [False, True])
def test_each_stream_reaches_its_own_loss_only(unrolled, rng):
    """Other held-out images change no weight and no statistic.

    The logits have a learning rate of 0 here: the weights learn after them, and
    would see the held-out images through them.
    """
    training, (images, labels) = draw_batch(rng), draw_batch(rng)
    model = make_supernet(rng, architecture_rate=0.0, unrolled=unrolled)
    watched = [*model.network_variables, *model.non_trainable_variables]
    ends = []
    for scale in (1.0, 3.0):
        pair = training, (scale * images, labels)
        with restoring(model.variables):
            model.fit(tf.data.Dataset.from_tensors(pair), verbose=0)
            ends.append(copy_values(watched))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_logits_of_first_order_do_not_see_the_training_batch(rng):
    (images, labels), held_out = draw_batch(rng), draw_batch(rng)
    model = make_supernet(rng)
    ends = []
    for scale in (1.0, 3.0):
        pair = (scale * images, labels), held_out
        with restoring(model.variables):
            model.fit(tf.data.Dataset.from_tensors(pair), verbose=0)
            ends.append(copy_values(model.logits))
    for one, other in zip(*ends, strict=True):
        np.testing.assert_array_equal(one, other)


def test_training_lowers_the_loss(rng):
    model = make_supernet(rng, end="paper")
    pairs = tf.data.Dataset.from_tensors((draw_batch(rng),) * 2)
    losses = model.fit(pairs, epochs=40, verbose=0).history["loss"]
    assert losses[-1] < 0.5 * losses[0]


def test_a_compiled_one_is_saved_whole(rng, tmp_path):
    model = make_supernet(rng, unrolled=True)
    model.save(tmp_path / "supernet.keras")
    reopened = keras.models.load_model(tmp_path / "supernet.keras")
    assert isinstance(reopened, BilevelSupernet)
    assert reopened.unrolled


def test_options_that_exclude_each_other_are_refused(rng):
    scaled = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    with pytest.raises(ValueError, match=r"`unrolled`.*scales the loss"):
        make_supernet(rng, optimizer=scaled, unrolled=True)
    with pytest.raises(ValueError, match=r"`relaxation`.*'single_path'"):
        make_supernet(rng, relaxation="single_path")
