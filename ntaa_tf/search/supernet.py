"""NTAA's search: weights and architecture learn from the same batches."""

from collections.abc import Callable
from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.distribute import check_optimizer
from ntaa_tf.distribute import restore_loss
from ntaa_tf.distribute import run_once
from ntaa_tf.distribute import sum_over_replicas
from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import GUMBEL
from ntaa_tf.layers.choice import RELAXATIONS
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.annealing import Annealing
from ntaa_tf.search.paths import draw_paths
from ntaa_tf.search.penalties import make_penalty
from ntaa_tf.search.schedule import END_SHARE
from ntaa_tf.search.schedule import ENDS
from ntaa_tf.search.schedule import STARTS
from ntaa_tf.search.schedule import end_pull
from ntaa_tf.search.schedule import start_pull
from ntaa_tf.search.schedule import temperature
from ntaa_tf.training.loss_scale import scale_alike
from ntaa_tf.training.loss_scale import share_overflow
from ntaa_tf.training.rematerialization import Rematerialized


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Supernet(Rematerialized):
    """A source model with a choice at every site.

    One step of `fit` moves the weights by `optimizer` and the logits by
    `architecture_optimizer`, from the loss of the same batch. Over the epochs
    of `fit` the mixture goes from the source's own network to that of the
    largest logits.

    Source: NTAA, equations 15 to 17.
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)
        self._resting: set[int] = set()

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        architecture_optimizer: Any = "sgd",
        relaxation: str = EXPECTATION,
        seed: int = 0,
        source_penalty: float = 0.0,
        cost_weight: float = 0.0,
        confidence: float = 0.0,
        warm_up: float = 0.0,
        decouples_penalties: bool = False,
        start: str = "exact",
        end: str = "exact",
        resting: Sequence[keras.Variable] = (),
        **kwargs: Any,
    ) -> None:
        """Set up the search.

        Args:
            optimizer: of the weights.
            architecture_optimizer: of the logits.
            relaxation: `expectation` mixes all candidates; `gumbel` evaluates
                one, drawn by the logits; `single_path` one, drawn uniformly,
                and leaves the logits and the schedules alone.
            seed: of what is drawn.
            source_penalty: strength of the penalty on the source's operations.
            cost_weight: strength of the penalty on the expected MACs of the
                sites, as a share of the source's. What no choice decides is
                left out, and so is that a site may come to be read by no one.
            confidence: by how much the probability of an option must exceed
                that of the source's own for it to win; below 1.
            warm_up: share of the search in which no logit moves yet.
            decouples_penalties: whether the penalties move the logits by
                themselves, at the learning rate of `architecture_optimizer`,
                and are not in the loss: an optimizer that normalises gradients
                would follow them at full speed wherever the loss is flat.
            start: `exact`, or `paper` for the paper's mixture at once; the
                logits begin as `insert_mixed_ops` was told.
            end: `exact`, or `paper` for the paper's mixture to the end.
            resting: weights that do not learn. If there are any, all is
                computed as in inference, so that no state moves either. They
                are no part of the configuration.
            **kwargs: as `keras.Model.compile` takes them, and `remat`: whether
                activations are recomputed instead of held.

        Raises:
            ValueError: if `relaxation`, `start` or `end` is not known, or
                options of cells would be drawn.
        """
        check_known("relaxation", relaxation, RELAXATIONS)
        check_known("start", start, STARTS)
        check_known("end", end, ENDS)
        super().compile(optimizer=optimizer, **kwargs)
        check_optimizer(self.optimizer)
        self.architecture_optimizer = scale_alike(
            self.optimizer, keras.optimizers.get(architecture_optimizer)
        )
        if relaxation != EXPECTATION and any(
            isinstance(choice, CellChoice) for choice in self.choices
        ):
            raise ValueError(
                "Invalid value for `relaxation`. Expected "
                f"{EXPECTATION!r} with cells. Received: {relaxation!r}."
            )
        self.relaxation = relaxation
        self.seed = seed
        self.seed_generator.state.assign([seed, 0])
        for choice in self.choices:
            choice.relaxation = relaxation
            choice.confidence = confidence
        self.source_penalty = source_penalty
        self.cost_weight = cost_weight
        self.confidence = confidence
        self.warm_up = warm_up
        self.decouples_penalties = decouples_penalties
        self.start = start
        self.end = end
        self._resting = {id(variable) for variable in resting}
        # No Keras variables: a saved model must not depend on its compilation.
        self.progress, self.progress_per_step = (
            tf.Variable(
                0.0,
                trainable=False,
                aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
            )
            for _ in range(2)
        )
        self._set_penalties()
        self.optimizer.build(self.network_variables)
        self.architecture_optimizer.build(self.logits)

    @property
    def choices(self) -> list[Choice]:
        """The searched layers, inputs first."""
        return [layer for layer in self.layers if isinstance(layer, Choice)]

    @property
    def logits(self) -> list[keras.Variable]:
        """The architecture: the logits of every choice."""
        return [choice.logits for choice in self.choices]

    @property
    def training_state(self) -> list[keras.Variable]:
        """What moves in training beside the variables and the optimizer."""
        return [*self.architecture_optimizer.variables]

    @property
    def network_variables(self) -> list[keras.Variable]:
        """The trainable weights that are no logits, and do not rest."""
        others = {id(variable) for variable in self.logits} | self._resting
        return [
            variable
            for variable in self.trainable_variables
            if id(variable) not in others
        ]

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Search, as `keras.Model.fit` trains."""
        # First of all, so that others see the mixture as it now is.
        callbacks = [Annealing(), kwargs.pop("callbacks", None) or []]
        kwargs["callbacks"] = keras.tree.flatten(callbacks)
        return super().fit(*args, **kwargs)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Move weights and logits by the gradients of one batch."""
        self.anneal()
        if self.relaxation != EXPECTATION:
            draw_paths(self.choices, self.seed_generator)
        variables = self.network_variables
        logits = [] if self.relaxation == SINGLE_PATH else self.logits
        gradients, loss, predictions = self.differentiate(
            data, variables + logits, self.optimizer
        )
        split = len(variables)
        run_once(self._move, gradients[:split], gradients[split:])
        # One call of `fit`'s compiled function may run several steps.
        self.progress.assign_add(self.progress_per_step)
        return self.track(data, loss, predictions)

    def _move(
        self, network_gradients: list[Any], architecture_gradients: list[Any]
    ) -> None:
        """Move the weights, and the logits if there are gradients of them."""
        # Each optimizer takes its own scale out again.
        one = ops.ones(())
        rescale = self.architecture_optimizer.scale_loss(
            one
        ) / self.optimizer.scale_loss(one)
        network_gradients, architecture_gradients = share_overflow(
            self.optimizer,
            network_gradients,
            [gradient * rescale for gradient in architecture_gradients],
        )
        self.optimizer.apply_gradients(
            zip(network_gradients, self.network_variables, strict=True)
        )
        if architecture_gradients:
            self.move_logits(architecture_gradients)

    def move_logits(self, gradients: list[Any]) -> None:
        """Move the logits by gradients, while it is their time.

        It is called once for all replicas. During the warm-up the optimizer
        does not step at all: moments that only saw zeros would make the first
        steps huge. While the mixture goes to its end the logits rest: a winner
        that changed there would not have been trained for its place.
        """
        rests = self.end == "exact"
        if not (self.warm_up or rests):
            self._move_logits(gradients)
            return
        last = 1 - END_SHARE if rests else 1.0
        ops.cond(
            ops.logical_and(
                self.progress >= self.warm_up, self.progress < last
            ),
            lambda: self._move_logits(gradients),
            lambda: None,
        )

    def _move_logits(self, gradients: list[Any]) -> None:
        optimizer = self.architecture_optimizer
        check_optimizer(optimizer)
        optimizer.apply_gradients(zip(gradients, self.logits, strict=True))
        if not self._penalties:
            return
        # Every batch is a step of its own here, and a part of one there.
        steps = getattr(optimizer, "gradient_accumulation_steps", None) or 1
        rate = optimizer.learning_rate / steps
        for logits, penalty in self._penalties:
            value = tf.convert_to_tensor(logits)
            with tf.GradientTape() as tape:
                tape.watch(value)
                loss = penalty(value)
            logits.assign_sub(rate * tape.gradient(loss, value))

    def differentiate(
        self,
        batch: Any,
        variables: list[keras.Variable],
        optimizer: keras.optimizers.Optimizer | None = None,
        compute_loss: Callable[..., Any] | None = None,
    ) -> tuple[list[Any], Any, Any]:
        """Differentiate the loss of a batch.

        Args:
            batch: images and labels, as `fit` takes them.
            variables: with respect to what.
            optimizer: by which the loss is scaled, if by any.
            compute_loss: of images, labels, predictions and sample weights;
                that of the weights when None.

        Returns:
            The gradients of the scaled loss, of all replicas; this replica's
            share of the loss, and its predictions.
        """
        images, labels, sample_weight = keras.utils.unpack_x_y_sample_weight(
            batch
        )
        with tf.GradientTape() as tape:
            predictions = self(images, training=not self._resting)
            compute_loss = compute_loss or self.compute_loss
            loss = compute_loss(images, labels, predictions, sample_weight)
            scaled = loss if optimizer is None else optimizer.scale_loss(loss)
        gradients = sum_over_replicas(tape.gradient(scaled, variables))
        return gradients, loss, predictions

    def compute_architecture_loss(
        self,
        images: Any,
        labels: Any,
        predictions: Any,
        sample_weight: Any = None,
    ) -> Any:
        """Give the loss by which the logits are judged: that of the weights."""
        return self.compute_loss(images, labels, predictions, sample_weight)

    def track(self, batch: Any, loss: Any, predictions: Any) -> dict[str, Any]:
        """Give the metrics, now with those of a batch."""
        images, labels, sample_weight = keras.utils.unpack_x_y_sample_weight(
            batch
        )
        for metric in self.metrics:
            if metric.name == "loss":
                batch_size = ops.shape(keras.tree.flatten(images)[0])[0]
                metric.update_state(
                    restore_loss(loss), sample_weight=batch_size
                )
        return self.compute_metrics(images, labels, predictions, sample_weight)

    def anneal(self) -> None:
        """Set κ, ρ and τ of every choice by the progress of the search."""
        pulls: tuple[Any, ...] = 0.0, 0.0
        if self.relaxation != SINGLE_PATH:
            pulls = (
                start_pull(self.progress, self.start),
                end_pull(self.progress, self.end),
            )
        if self.relaxation == GUMBEL:
            pulls += (temperature(self.progress),)
        for choice in self.choices:
            choice.set_pulls(*pulls)

    def settle(self) -> None:
        """End the mixing, or the drawing, at the largest logits."""
        for choice in self.choices:
            choice.settle()

    def get_compile_config(self) -> dict[str, Any] | None:
        """Give what `compile_from_config` needs, None before `compile`."""
        config = super().get_compile_config()
        return config and config | {
            "architecture_optimizer": keras.saving.serialize_keras_object(
                self.architecture_optimizer
            ),
            "relaxation": self.relaxation,
            "seed": self.seed,
            "source_penalty": self.source_penalty,
            "cost_weight": self.cost_weight,
            "confidence": self.confidence,
            "warm_up": self.warm_up,
            "decouples_penalties": self.decouples_penalties,
            "start": self.start,
            "end": self.end,
            "remat": self.remat,
        }

    def _set_penalties(self) -> None:
        """Put the penalties into the loss, or beside the optimizer."""
        shares = measure_network(self).share_macs() if self.cost_weight else {}
        self._penalties: list[tuple[keras.Variable, Callable[..., Any]]] = []
        for choice in self.choices:
            if isinstance(choice, CellChoice):
                continue  # It has no source's operation, which they are of.
            costs = shares.get(choice.name, [])
            penalty = make_penalty(self.source_penalty, self.cost_weight, costs)
            choice.logits.regularizer = penalty
            if self.decouples_penalties and penalty is not None:
                choice.logits.regularizer = None
                self._penalties.append((choice.logits, penalty))

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a loaded model; its optimizers get their state back."""
        self.compile(**keras.saving.deserialize_keras_object(config))


def check_known(name: str, value: str, expected: tuple[str, ...]) -> None:
    """Raise a ValueError unless an argument has one of the expected values.

    Args:
        name: of the argument.
        value: of the argument.
        expected: what it may be.
    """
    if value not in expected:
        raise ValueError(
            f"Invalid value for `{name}`. Expected one of {expected}. "
            f"Received: {value!r}."
        )
