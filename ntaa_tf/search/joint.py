"""NTAA's search: weights and architecture learn from the same batches."""

from typing import Any

import keras
import tensorflow as tf
from keras import ops

from ntaa_tf.layers.choice import Choice
from ntaa_tf.search.schedule import ENDS
from ntaa_tf.search.schedule import STARTS
from ntaa_tf.search.schedule import end_pull
from ntaa_tf.search.schedule import start_pull


@keras.saving.register_keras_serializable(package="ntaa_tf")
class SourcePenalty(keras.regularizers.Regularizer):
    """λ_θ (θ_source − Σ θ_others): minimised, it favours change.

    Args:
        strength: λ_θ.

    Source: NTAA, equation 17.
    """

    def __init__(self, strength: float):
        self.strength = strength

    def __call__(self, logits: Any) -> Any:
        """Give the penalty of one choice's logits."""
        return self.strength * (2 * logits[0] - ops.sum(logits))

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {"strength": self.strength}


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Supernet(keras.Model):
    """A source model with a choice at every site.

    One step of `fit` moves the weights by `optimizer` and the logits by
    `architecture_optimizer`, from the loss of the same batch. Over the epochs
    of `fit` the mixture goes from the source's own network to that of the
    largest logits.

    Source: NTAA, equations 15 to 17.
    """

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        architecture_optimizer: Any = "sgd",
        lambda_theta: float = 0.0,
        start: str = "exact",
        end: str = "exact",
        **kwargs: Any,
    ) -> None:
        """Set up the search.

        Args:
            optimizer: of the weights.
            architecture_optimizer: of the logits.
            lambda_theta: strength of the penalty on the source's operations.
            start: `exact`, or `paper` for the paper's mixture at once.
            end: `exact`, or `paper` for the paper's mixture to the end.
            **kwargs: as `keras.Model.compile` takes them.

        Raises:
            ValueError: if `start` or `end` is not known.
        """
        _check("start", start, STARTS)
        _check("end", end, ENDS)
        super().compile(optimizer=optimizer, **kwargs)
        self.architecture_optimizer = keras.optimizers.get(
            architecture_optimizer
        )
        self.lambda_theta = lambda_theta
        self.start = start
        self.end = end
        # No Keras variable: a saved model must not depend on its compilation.
        self.progress = tf.Variable(
            0.0,
            trainable=False,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA,
        )
        penalty = SourcePenalty(lambda_theta) if lambda_theta else None
        for choice in self.choices:
            choice.logits.regularizer = penalty
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
        variables, logits = self.network_variables, self.logits
        with tf.GradientTape() as tape:
            predictions = self(images, training=True)
            loss = self.compute_loss(images, labels, predictions, sample_weight)
            scaled_loss = self.optimizer.scale_loss(loss)
        gradients = tape.gradient(scaled_loss, variables + logits)
        split = len(variables)
        # Only the optimizer of the weights takes its own scale out again.
        scale = self.optimizer.scale_loss(ops.ones(()))
        architecture_gradients = [part / scale for part in gradients[split:]]
        self.optimizer.apply_gradients(
            zip(gradients[:split], variables, strict=True)
        )
        self.architecture_optimizer.apply_gradients(
            zip(architecture_gradients, logits, strict=True)
        )
        for metric in self.metrics:
            if metric.name == "loss":
                batch_size = ops.shape(keras.tree.flatten(images)[0])[0]
                metric.update_state(loss, sample_weight=batch_size)
        return self.compute_metrics(images, labels, predictions, sample_weight)

    def anneal(self) -> None:
        """Set κ and ρ of every choice by the progress of the search."""
        pulls = (
            start_pull(self.progress, self.start),
            end_pull(self.progress, self.end),
        )
        for choice in self.choices:
            choice.set_pulls(*pulls)

    def get_compile_config(self) -> dict[str, Any] | None:
        """Give what `compile_from_config` needs, None before `compile`."""
        config = super().get_compile_config()
        return config and config | {
            "architecture_optimizer": keras.saving.serialize_keras_object(
                self.architecture_optimizer
            ),
            "lambda_theta": self.lambda_theta,
            "start": self.start,
            "end": self.end,
        }

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

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        self._epoch = epoch

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        self._set(self._epoch + batch / self.params["steps"])

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        self._set(epoch + 1)
        self.model.anneal()

    def _set(self, epochs: float) -> None:
        self.model.progress.assign(epochs / self.params["epochs"])
