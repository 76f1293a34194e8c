"""Bilevel search: weights and architecture learn from separate data streams."""

from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.distribute import run_once
from ntaa_tf.distribute import share_loss
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.search.target_head import TargetHead

# Norm of the step of the finite difference over all weights: 0.01 in DARTS.
RADIUS = 0.01
SMALLEST_NORM = 1e-12


@keras.saving.register_keras_serializable(package="ntaa_tf")
class BilevelSupernet(Supernet):
    """A supernet whose logits learn from data that no weight learns from.

    `fit` takes pairs of batches: the first for the weights, the second for the
    logits. They come from two parts of a data set, or from two domains. A step
    moves the logits by the loss of the second batch, then the weights by the
    loss of the first. Batch-norm statistics follow the first batches only.

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
        """Configure the search.

        Args:
            optimizer: optimizer of the weights.
            unrolled: whether the gradient of the logits looks one step of the
                weights ahead, at the optimizer's learning rate (second order).
                Otherwise it takes the weights as they are (first order).
            architecture_loss: loss of the logits. It takes only the first
                output, because the labels of another domain may not exist for
                the others. The default is the loss of the weights.
            target_head: a classifier that adds to the architecture loss. Not
                saved in the configuration.
            **kwargs: arguments of `Supernet.compile`.

        Raises:
            ValueError: if `unrolled` is combined with loss scaling; the
                relaxation has no logits; or a target head is combined with
                loss scaling or has no architecture loss beside it.
        """
        super().compile(optimizer, **kwargs)
        if self.relaxation == SINGLE_PATH:
            raise ValueError(
                f"`relaxation` {self.relaxation!r} leaves the logits alone, "
                "but bilevel search trains them. Choose another relaxation."
            )
        scaled = isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)
        if unrolled and scaled:
            raise ValueError(
                "`unrolled` can't be True with an optimizer that scales the "
                "loss: finite differences of gradients are too inaccurate in "
                "float16. Set it to False, or train in float32."
            )
        if target_head is not None and (scaled or architecture_loss is None):
            raise ValueError(
                "`target_head` needs an architecture loss beside it, and an "
                "optimizer that scales the loss can't be used with it. Pass "
                "`architecture_loss`, and train in float32."
            )
        self.unrolled = unrolled
        self.architecture_loss = architecture_loss
        self.target_head = target_head

    @property
    def training_state(self) -> list[keras.Variable]:
        """Training state including the target head's."""
        state = super().training_state
        head = self.target_head
        return state if head is None else [*state, *head.variables]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Move the logits by the second batch, the weights by the first."""
        training, held_out = data
        self.prepare_step()
        self._step_architecture(training, held_out)
        metrics = self._step_weights(training)
        self.advance()
        return metrics

    def compute_architecture_loss(
        self,
        images: Any,
        labels: Any,
        predictions: Any,
        sample_weight: Any = None,
    ) -> Any:
        """Compute the loss of the logits.

        With a target head of share s it is s · L_head + (1 − s) · L, plus the
        penalties.
        """
        if self.architecture_loss is None:
            # A teacher is for the weights: held-out labels judge the logits.
            weights = self.weigh(labels, sample_weight)
            return self.compute_loss(
                images, labels, predictions, weights, training=False
            )
        target, output = (
            keras.tree.flatten(tree)[0] for tree in (labels, predictions)
        )
        loss = self.architecture_loss(target, output)
        if self.target_head is not None:
            share = self.target_head.share
            identities = self.target_head.compute_loss(target, output)
            # A Keras loss is already divided by the number of replicas.
            loss = share * share_loss(identities) + (1 - share) * loss
        # `self.losses` are the penalties, which `compute_loss` would add.
        return loss + share_loss(sum(self.losses))

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, or None before `compile`."""
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
        # Under a distribution strategy Keras builds the model from a batch. It
        # would take a pair of batches for images and labels.
        if data_batch is not None and isinstance(data_batch[0], tuple):
            data_batch = data_batch[0]
        super()._symbolic_build(iterator, data_batch)

    def _step_architecture(self, training: Any, held_out: Any) -> None:
        """Move the logits, and the target head if there is one."""
        head = [] if self.target_head is None else [self.target_head.kernel]
        state = _State(self)
        if self.unrolled:
            gradients = self._differentiate_unrolled(
                training, held_out, state, head
            )
        else:
            gradients, *_ = self._differentiate_architecture_loss(
                held_out, self.logits + head, self.architecture_optimizer
            )
        # Batch-norm statistics must not follow the held-out data.
        state.restore()
        run_once(self._move_architecture, gradients)

    def _move_architecture(self, gradients: list[Any]) -> None:
        """Move the logits, and the kernel of the target head if any."""
        self.move_logits(gradients[: len(self.logits)])
        if self.target_head is not None:
            self.target_head.learn(gradients[-1])

    def _differentiate_architecture_loss(
        self,
        held_out: Any,
        variables: list[keras.Variable],
        optimizer: keras.optimizers.Optimizer | None = None,
    ) -> tuple[Any, Any, Any]:
        """Compute the gradients of the loss of the logits."""
        return self.differentiate(
            held_out, variables, optimizer, self.compute_architecture_loss
        )

    def _step_weights(self, training: Any) -> dict[str, Any]:
        """Move the weights, and return the metrics."""
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
        """Compute the second-order gradient of the logits.

        With the look-ahead weights w′ = w − ξ ∂L_training(w, θ)/∂w, the chain
        rule gives the total derivative of L_held_out(w′, θ) by θ (equation 7):

            ∂L_held_out(w′, θ)/∂θ − ξ · ∂²L_training(w, θ)/∂θ∂w · v,
            v = ∂L_held_out(w′, θ)/∂w′.

        The product of the mixed second derivative with v is a central finite
        difference (equation 8), which needs first derivatives only:

            (∂L_training(w + εv, θ)/∂θ − ∂L_training(w − εv, θ)/∂θ) / 2ε.

        ε = RADIUS / ‖v‖, so that the weights always move equally far.

        Args:
            training: the batch of the weights.
            held_out: the batch of the logits.
            state: the state before the step.
            head: the kernel of the target head, if any.

        Returns:
            The gradients of the logits, then the gradient of the head. The
            latter is the plain gradient of the held-out loss.

        Source: DARTS, equations 7 and 8.
        """
        variables, logits = self.network_variables, self.logits
        rate = self.optimizer.learning_rate
        weights = _Weights(variables)
        steps, *_ = self.differentiate(training, variables)
        weights.move(steps, -rate)
        state.restore()
        gradients, *_ = self._differentiate_architecture_loss(
            held_out, logits + head + variables
        )
        moved = len(logits + head)
        direct, ahead = gradients[: len(logits)], gradients[moved:]
        radius = RADIUS / (tf.linalg.global_norm(ahead) + SMALLEST_NORM)
        sides = []
        for sign in (1, -1):
            # `move` starts from the stored w, not from w′.
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
    """Stored values of variables that move temporarily."""

    def __init__(self, variables: list[keras.Variable]):
        self._variables = variables
        self._values = [tf.identity(variable.value) for variable in variables]

    def move(self, directions: list[Any], length: Any) -> None:
        """Set the variables to their stored values plus length · direction.

        A variable whose direction is None, because the loss does not depend on
        it, gets its stored value back.
        """
        for variable, value, direction in zip(
            self._variables, self._values, directions, strict=True
        ):
            step = 0.0 if direction is None else length * direction
            variable.assign(value + step)

    def restore(self) -> None:
        """Set the variables to their stored values."""
        for variable, value in zip(self._variables, self._values, strict=True):
            variable.assign(value)


class _State(_Weights):
    """Stored state that changes in a forward pass.

    It consists of moving statistics and random seeds.
    """

    def __init__(self, model: keras.Model):
        super().__init__(model.non_trainable_variables)
