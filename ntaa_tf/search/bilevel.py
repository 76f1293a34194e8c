"""Bilevel search: weights and architecture learn from streams of their own."""

from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.distribute import run_once
from ntaa_tf.distribute import share_loss
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.search.paths import draw_paths
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.search.target_head import TargetHead

# The finite difference moves the weights by this much in all.
RADIUS = 0.01
SMALLEST_NORM = 1e-12


@keras.saving.register_keras_serializable(package="ntaa_tf")
class BilevelSupernet(Supernet):
    """A supernet whose logits are judged on data that no weight learns from.

    `fit` takes pairs of batches, the first for the weights, the second for
    the logits: two parts of a data set, or two domains. A step moves the
    logits by the loss of the second, then the weights by the loss of the
    first. The moving statistics of batch normalization follow the weights'
    batches alone.

    Source: Liu et al., "DARTS: Differentiable Architecture Search", 2019,
    algorithm 1; and, across domains, Xing, "Neural Architecture Search for
    Domain Adaption", equations 3 and 4.
    """

    def compile(
        self,
        optimizer: Any = "sgd",
        *,
        unrolled: bool = False,
        architecture_loss: keras.losses.Loss | None = None,
        target_head: TargetHead | None = None,
        **kwargs: Any,
    ) -> None:
        """Set up the search.

        Args:
            optimizer: of the weights.
            unrolled: whether the logits' gradient is that of the weights after
                one step of gradient descent, at the optimizer's learning
                rate ξ (second order), or of the weights as they are.
            architecture_loss: by which the logits are judged, of the first
                output alone, where the second batch has labels that the other
                outputs do not know; by default the loss of the weights.
            target_head: judges them as well, beside an architecture loss. It
                is no part of the configuration.
            **kwargs: as `Supernet.compile` takes them.

        Raises:
            ValueError: if `unrolled` is asked for with loss scaling, or with
                a relaxation that has no logits; or a target head with loss
                scaling, or without an architecture loss.
        """
        super().compile(optimizer, **kwargs)
        if self.relaxation == SINGLE_PATH:
            raise ValueError(
                "Invalid value for `relaxation`. Expected one that has logits. "
                f"Received: {self.relaxation!r}."
            )
        scaled = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        if unrolled and scaled:
            raise ValueError(
                "Invalid value for `unrolled`. Expected False with an "
                "optimizer that scales the loss: finite differences of "
                "gradients do not survive float16. Received: True."
            )
        if target_head is not None and (scaled or architecture_loss is None):
            raise ValueError(
                "Invalid value for `target_head`. Expected None with an "
                "optimizer that scales the loss, and without an architecture "
                "loss beside it. Received a head."
            )
        self.unrolled = unrolled
        self.architecture_loss = architecture_loss
        self.target_head = target_head

    @property
    def training_state(self) -> list[keras.Variable]:
        """With that of a second head."""
        state = super().training_state
        head = self.target_head
        return state if head is None else [*state, *head.variables]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Move the logits by the second batch, the weights by the first."""
        training, held_out = data
        self.anneal()
        if self.relaxation != EXPECTATION:
            draw_paths(self.choices, self.seed_generator)
        self._step_architecture(training, held_out)
        metrics = self._step_weights(training)
        self.progress.assign_add(self.progress_per_step)
        return metrics

    def compute_architecture_loss(
        self,
        images: Any,
        labels: Any,
        predictions: Any,
        sample_weight: Any = None,
    ) -> Any:
        """Give the loss by which the logits are judged."""
        if self.architecture_loss is None:
            return self.compute_loss(images, labels, predictions, sample_weight)
        target, output = (
            keras.tree.flatten(tree)[0] for tree in (labels, predictions)
        )
        loss = self.architecture_loss(target, output)
        if self.target_head is not None:
            share = self.target_head.share
            identities = self.target_head.compute_loss(target, output)
            loss = share * share_loss(identities) + (1 - share) * loss
        return loss + share_loss(sum(self.losses))  # With the penalties.

    def get_compile_config(self) -> dict[str, Any] | None:
        """Give what `compile_from_config` needs, None before `compile`."""
        config = super().get_compile_config()
        return config and config | {
            "unrolled": self.unrolled,
            "architecture_loss": keras.saving.serialize_keras_object(
                self.architecture_loss
            ),
        }

    def _symbolic_build(
        self, iterator: Any = None, data_batch: Any = None
    ) -> None:
        # Keras does this under a strategy alone, and knows no pairs.
        if data_batch is not None and isinstance(data_batch[0], tuple):
            data_batch = data_batch[0]
        super()._symbolic_build(iterator, data_batch)

    def _step_architecture(self, training: Any, held_out: Any) -> None:
        head = [] if self.target_head is None else [self.target_head.kernel]
        state = _State(self)
        if self.unrolled:
            gradients = self._differentiate_unrolled(
                training, held_out, state, head
            )
        else:
            gradients, *_ = self._judge(
                held_out, self.logits + head, self.architecture_optimizer
            )
        state.restore()
        run_once(self._move_judges, gradients)

    def _move_judges(self, gradients: list[Any]) -> None:
        """Move the logits, and the head that judges them, if there is one."""
        self.move_logits(gradients[: len(self.logits)])
        if self.target_head is not None:
            self.target_head.learn(gradients[-1])

    def _judge(
        self,
        held_out: Any,
        variables: list[keras.Variable],
        optimizer: keras.optimizers.Optimizer | None = None,
    ) -> tuple[Any, Any, Any]:
        """Differentiate the loss by which the logits are judged."""
        return self.differentiate(
            held_out, variables, optimizer, self.compute_architecture_loss
        )

    def _step_weights(self, training: Any) -> dict[str, Any]:
        variables = self.network_variables
        gradients, loss, predictions = self.differentiate(
            training, variables, self.optimizer
        )
        run_once(self.optimizer.apply, gradients, variables)
        return self.track(training, loss, predictions)

    def _differentiate_unrolled(
        self,
        training: Any,
        held_out: Any,
        state: "_State",
        head: list[keras.Variable],
    ) -> list[Any]:
        """Differentiate L_held_out(w − ξ ∂L_training/∂w, θ) with respect to θ.

        And, as they are, with respect to the weights of a second head.

        Source: DARTS, equations 7 and 8.
        """
        variables, logits = self.network_variables, self.logits
        rate = self.optimizer.learning_rate
        weights = _Weights(variables)
        steps, *_ = self.differentiate(training, variables)
        weights.move(steps, -rate)
        state.restore()
        gradients, *_ = self._judge(held_out, logits + head + variables)
        moved = len(logits + head)
        direct, ahead = gradients[: len(logits)], gradients[moved:]
        radius = RADIUS / (tf.linalg.global_norm(ahead) + SMALLEST_NORM)
        sides = []
        for sign in (1, -1):
            weights.move(ahead, sign * radius)
            # Noise and dropout must be the same on both sides.
            state.restore()
            side, *_ = self.differentiate(training, logits)
            sides.append(side)
        weights.restore()
        unrolled = [
            first - rate * (plus - minus) / (2 * radius)
            for first, plus, minus in zip(direct, *sides, strict=True)
        ]
        return unrolled + gradients[len(logits) : moved]


class _Weights:
    """Weights that are moved to look at other places, and put back."""

    def __init__(self, variables: list[keras.Variable]):
        self._variables = variables
        self._values = [tf.identity(variable.value) for variable in variables]

    def move(self, directions: list[Any], length: Any) -> None:
        """Set the weights to where they were, moved along the directions."""
        for variable, value, direction in zip(
            self._variables, self._values, directions, strict=True
        ):
            step = 0.0 if direction is None else length * direction
            variable.assign(value + step)

    def restore(self) -> None:
        """Put the weights back."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)


class _State(_Weights):
    """What moves in a forward pass: moving statistics and random seeds."""

    def __init__(self, model: keras.Model):
        super().__init__(model.non_trainable_variables)
