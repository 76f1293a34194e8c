"""Train by every method on one replica and on several, and compare."""

import keras
import numpy as np
import tensorflow as tf

from ntaa_tf.distribute import count_replicas
from ntaa_tf.distribute import enter_strategy
from ntaa_tf.losses import BatchHardTriplet
from ntaa_tf.losses import compare_embeddings
from ntaa_tf.search.bilevel import BilevelSupernet
from ntaa_tf.search.contrastive import ContrastiveSupernet
from ntaa_tf.search.contrastive import KeySpace
from ntaa_tf.search.contrastive import attach_query_head
from ntaa_tf.search.contrastive import build_key_encoder
from ntaa_tf.search.insert import insert_mixed_ops
from ntaa_tf.search.key_queue import KeyQueue
from ntaa_tf.search.measured_options import MeasuredOptions
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.search.target_head import TargetHead
from ntaa_tf.training.batch_norm_calibration import Recalibration
from ntaa_tf.training.batch_norm_synchronization import synchronize
from ntaa_tf.training.distillation import Student
from ntaa_tf.training.distillation import Teacher
from ntaa_tf.training.optimizers import CarefulSGD
from ntaa_tf.training.optimizers import ReplicatedAdam
from ntaa_tf.training.optimizers import ReplicatedSGD

BATCH, STEPS = 8, 5
RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(STEPS * BATCH, 8, 8, 3)).astype("float32")
LABELS = np.eye(4, dtype="float32")[RNG.integers(4, size=STEPS * BATCH)]


def make_source(norm=False, pooled=True):
    keras.utils.set_random_seed(0)
    inputs = hidden = keras.Input((8, 8, 3))
    for index in range(3):
        hidden = keras.layers.Conv2D(4, 3, padding="same")(hidden)
        if norm:
            hidden = keras.layers.BatchNormalization(momentum=0.9)(hidden)
        hidden = keras.layers.ReLU(name=f"relu_{index}")(hidden)
    if not pooled:
        return keras.Model(inputs, hidden)
    hidden = keras.layers.GlobalAveragePooling2D()(hidden)
    return keras.Model(inputs, keras.layers.Dense(4)(hidden))


def make_batches(kind):
    def batch(*arrays):
        dataset = tf.data.Dataset.from_tensor_slices(arrays)
        return dataset.batch(BATCH, drop_remainder=True)

    if kind == "contrastive":
        return batch(IMAGES, IMAGES[:, :, ::-1])
    if kind == "bilevel":
        return tf.data.Dataset.zip(
            batch(IMAGES, LABELS), batch(IMAGES[::-1], LABELS[::-1])
        )
    return batch(IMAGES, LABELS)


# Noise, which takes its strength from a part of a batch, is left out.
CANDIDATES = "conv5x5,conv3x3,max_pool,identity"
RARITIES = np.array([0.5, 1, 1.5, 3])
ACCUMULATED = {"gradient_accumulation_steps": 2}
CLIPPED = {"global_clipnorm": 0.2}
# The kind of model; options of its optimizer; options of its compilation.
# Every method has its own operations over replicas, named above it.
METHODS = {
    # Sums of gradients before they are clipped and accumulated; batch norm.
    "synchronized": ("synchronized", CLIPPED | ACCUMULATED, {}),
    # A loss that gathers the embeddings of all replicas.
    "triplets": ("plain", {}, {"loss": BatchHardTriplet(0.3)}),
    # A teacher of the embeddings of all replicas, and weighted labels.
    "taught": ("taught", {}, {"class_weights": [RARITIES]}),
    # Two optimizers in one step, recomputed segments, every measurement.
    "joint": (
        "joint",
        CLIPPED | ACCUMULATED,
        {"remat": True, "class_weights": [RARITIES]},
    ),
    # Adam, and penalties that have a step of their own.
    "joint, decoupled": ("joint", {}, {"decouples_penalties": True}),
    # Random paths, which all replicas must draw alike, in branches.
    "single path": ("joint", {}, {"relaxation": "single_path"}),
    # Finite differences of gradients.
    "bilevel, unrolled": ("bilevel", {}, {"unrolled": True}),
    # A second loss and the optimizer of a second head.
    "bilevel, with a head": ("bilevel", CLIPPED, {"target_head": True}),
    # A queue that takes the keys of all replicas.
    "contrastive": ("contrastive", CLIPPED, {}),
}


def make_model(method):
    """Build and compile the model of a method."""
    kind, optimizer_options, options = METHODS[method]
    options = {
        "optimizer": CarefulSGD(
            learning_rate=0.05,
            momentum=0.9,
            nesterov=True,
            weight_decay=1e-3,
            **optimizer_options,
        ),
        "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
        "metrics": ["acc"],
    } | options
    if kind in ("plain", "synchronized", "taught"):
        source = make_source(norm=kind == "synchronized")
        synchronize(source, kind == "synchronized")
        model = Student(source.input, source.output)
        if kind == "taught":
            teacher = make_source(norm=True)
            options["teacher"] = Teacher(teacher, 0.7, compare_embeddings)
        model.compile(**options)
        model.optimizer.build(model.trainable_variables)
        return model
    accumulated = optimizer_options.get("gradient_accumulation_steps")
    is_decoupled = "decouples_penalties" in options
    architecture_optimizer = ReplicatedAdam if is_decoupled else ReplicatedSGD
    options |= {
        "architecture_optimizer": architecture_optimizer(
            0.3, gradient_accumulation_steps=accumulated
        ),
        "source_penalty": 0.01,
        "cost_weight": 0.1,
        "warm_up": 0.2,
    }
    return make_supernet(kind, options)


def make_supernet(kind, options):
    """Build and compile a supernet of a kind."""
    source = make_source(pooled=kind != "contrastive")
    model = insert_mixed_ops(source, CANDIDATES)
    if kind == "bilevel":
        model = BilevelSupernet(model.input, model.output)
    if "target_head" in options:
        options["target_head"] = TargetHead(4, 4, 0.5, ReplicatedSGD(0.1))
        options["architecture_loss"] = BatchHardTriplet(0.3)
    if kind == "contrastive":
        encoder = build_key_encoder(model, 4)
        model = ContrastiveSupernet(model.input, attach_query_head(model, 4))
        options["key_space"] = KeySpace(encoder, KeyQueue(16, 4))
        options |= {"end": "paper", "loss": None, "metrics": None}
        del options["architecture_optimizer"]  # No logit moves.
    model.compile(**options)
    return model


def read_state(model):
    """Read all state of a training in each replica."""
    variables = [*model.variables, *model.optimizer.variables]
    if isinstance(model, Supernet):
        variables += model.training_state
    return read(variables)


def read(variables):
    """Read the values of variables in each replica."""
    return [
        [
            replica.numpy().astype("float64")
            for replica in getattr(variable.value, "values", [variable.value])
        ]
        for variable in variables
    ]


def train(method):
    """Train for some steps; return the distance moved, state and metrics."""
    kind, *_ = METHODS[method]
    model = make_model(method)
    before = read(model.trainable_variables)
    batches = make_batches(kind)
    history = model.fit(
        batches, epochs=1, steps_per_epoch=STEPS, verbose=0
    ).history
    measures = [values[0] for values in history.values()]
    way = differ(before, read(model.trainable_variables))
    state = read_state(model)
    if method == "joint":
        measures += measure(model, batches)
    return way, state, measures


def measure(model, batches):
    """Evaluate a model in all ways but training."""
    options = {choice.name: choice.winner for choice in model.choices}
    loss = MeasuredOptions(model, [next(iter(batches))])._measure(options)
    Recalibration(model)([IMAGES[:BATCH]])
    few = BATCH + 5  # Not every replica has as many of them.
    predictions = model.predict(IMAGES[:few], batch_size=BATCH, verbose=0)
    evaluated = model.evaluate(
        IMAGES[:few], LABELS[:few], batch_size=BATCH, verbose=0
    )
    return [loss, *predictions.flatten(), *evaluated]


def differ(one, other):
    """Return the largest difference between two states, in any replica."""
    return max(
        float(np.max(np.abs(first - replica)))
        for (first, *_), replicas in zip(one, other, strict=True)
        for replica in replicas
    )


def train_alone(method, directory):
    """Train on one replica; save and return the outcome."""
    with enter_strategy("none"):
        way, state, measures = train(method)
    arrays = [array for (array,) in state]
    np.savez(directory / method, *arrays, way=way, measures=measures)
    return way, state, measures


def load_alone(method, directory):
    """Read the outcome of `train_alone` in another process."""
    with np.load(directory / f"{method}.npz") as kept:
        named = dict(kept)
    way, measures = float(named.pop("way")), list(named.pop("measures"))
    return way, [[array] for array in named.values()], measures


def compare(method, strategy, alone):
    """Return the differences of one replica and several after some steps."""
    moved, state, measures = alone
    with enter_strategy(strategy):
        _, states, measured = train(method)
        replicas = count_replicas()
    return {
        "replicas": replicas,
        "moved": moved,
        "state": differ(state, states),
        "measures": float(np.max(np.abs(np.subtract(measures, measured)))),
    }
