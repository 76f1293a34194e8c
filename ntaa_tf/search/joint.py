"""NTAA's search: weights and architecture learn from the same batches."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ntaa_tf.costs.measurement import measure_network
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import GUMBEL
from ntaa_tf.layers.choice import RELAXATIONS
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.loss_scale import scale_alike
from ntaa_tf.search.loss_scale import share_overflow
from ntaa_tf.search.paths import draw_paths
from ntaa_tf.search.penalties import CostPenalty
from ntaa_tf.search.penalties import SourcePenalty
from ntaa_tf.search.penalties import add_penalties
from ntaa_tf.search.remat import Rematerialized
from ntaa_tf.search.schedule import ENDS
from ntaa_tf.search.schedule import STARTS
from ntaa_tf.search.schedule import end_pull
from ntaa_tf.search.schedule import start_pull
from ntaa_tf.search.schedule import temperature


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

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        architecture_optimizer: Any = "sgd",
        relaxation: str = EXPECTATION,
        seed: int = 0,
        lambda_theta: float = 0.0,
        cost_weight: float = 0.0,
        start: str = "exact",
        end: str = "exact",
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
            lambda_theta: strength of the penalty on the source's operations.
            cost_weight: strength of the penalty on the expected MACs of the
                sites, as a share of the source's. What no choice decides is
                left out, and so is that a site may come to be read by no one.
            start: `exact`, or `paper` for the paper's mixture at once.
            end: `exact`, or `paper` for the paper's mixture to the end.
            **kwargs: as `keras.Model.compile` takes them, and `remat`: whether
                activations are recomputed instead of held.

        Raises:
            ValueError: if `relaxation`, `start` or `end` is not known.
        """
        _check("relaxation", relaxation, RELAXATIONS)
        _check("start", start, STARTS)
        _check("end", end, ENDS)
        super().compile(optimizer=optimizer, **kwargs)
        self.architecture_optimizer = scale_alike(
            self.optimizer, keras.optimizers.get(architecture_optimizer)
        )
        self.relaxation = relaxation
        self.seed = seed
        self.seed_generator.state.assign([seed, 0])
        for choice in self.choices:
            choice.relaxation = relaxation
        self.lambda_theta = lambda_theta
        self.cost_weight = cost_weight
        self.start = start
        self.end = end
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
    def network_variables(self) -> list[keras.Variable]:
        """The trainable weights that are no logits."""
        logits = {id(variable) for variable in self.logits}
        return [
            variable
            for variable in self.trainable_variables
            if id(variable) not in logits
        ]

    def fit(self, *args: Any, **kwargs: Any) -> keras.callbacks.History:
        """Search, as `keras.Model.fit` trains."""
        # First of all, so that others see the mixture as it now is.
        callbacks = [_Annealing(), kwargs.pop("callbacks", None) or []]
        kwargs["callbacks"] = keras.tree.flatten(callbacks)
        return super().fit(*args, **kwargs)

    def train_step(self, data: Any) -> dict[str, Any]:
        """Move weights and logits by the gradients of one batch."""
        images, labels, sample_weight = keras.utils.unpack_x_y_sample_weight(
            data
        )
        self.anneal()
        if self.relaxation != EXPECTATION:
            draw_paths(self.choices, self.seed_generator)
        variables = self.network_variables
        logits = [] if self.relaxation == SINGLE_PATH else self.logits
        with tf.GradientTape() as tape:
            predictions = self(images, training=True)
            loss = self.compute_loss(images, labels, predictions, sample_weight)
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, variables + logits)
        split = len(variables)
        # Each optimizer takes its own scale out again.
        one = ops.ones(())
        rescale = self.architecture_optimizer.scale_loss(
            one
        ) / self.optimizer.scale_loss(one)
        network_gradients, architecture_gradients = share_overflow(
            self.optimizer,
            gradients[:split],
            [part * rescale for part in gradients[split:]],
        )
        self.optimizer.apply_gradients(
            zip(network_gradients, variables, strict=True)
        )
        if logits:
            self.architecture_optimizer.apply_gradients(
                zip(architecture_gradients, logits, strict=True)
            )
        # One call of `fit`'s compiled function may run several steps.
        self.progress.assign_add(self.progress_per_step)
        for metric in self.metrics:
            if metric.name == "loss":
                batch_size = ops.shape(keras.tree.flatten(images)[0])[0]
                metric.update_state(loss, sample_weight=batch_size)
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
            "lambda_theta": self.lambda_theta,
            "cost_weight": self.cost_weight,
            "start": self.start,
            "end": self.end,
            "remat": self.remat,
        }

    def _set_penalties(self) -> None:
        shares = measure_network(self).share_macs() if self.cost_weight else {}
        for choice in self.choices:
            penalties: list[keras.regularizers.Regularizer] = []
            if self.lambda_theta:
                penalties.append(SourcePenalty(self.lambda_theta))
            if self.cost_weight:
                costs = shares[choice.name]
                penalties.append(CostPenalty(self.cost_weight, costs))
            choice.logits.regularizer = add_penalties(penalties)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a loaded model; its optimizers get their state back."""
        self.compile(**keras.saving.deserialize_keras_object(config))


def _check(name: str, value: str, expected: tuple[str, ...]) -> None:
    if value not in expected:
        raise ValueError(
            f"Invalid value for `{name}`. Expected one of {expected}. "
            f"Received: {value!r}."
        )


class _Annealing(keras.callbacks.Callback):
    """Tells the supernet how far the search has come."""

    def on_train_begin(self, logs: Any = None) -> None:
        if not self.params.get("steps"):
            raise ValueError(
                "Invalid arguments of `fit`. Expected data of known length, "
                "or `steps_per_epoch`: the mixture changes with every step. "
                "Received neither."
            )
        steps = self.params["steps"] * self.params["epochs"]
        self.model.progress_per_step.assign(1 / steps)

    def on_train_end(self, logs: Any = None) -> None:
        self.model.progress_per_step.assign(0.0)

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._set(self._epoch + batch / self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._set(epoch + 1)
        self.model.anneal()

    def _set(self, epochs: float) -> None:
        self.model.progress.assign(epochs / self.params["epochs"])
