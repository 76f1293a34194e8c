"""The supernet: weights and logits that learn from the same batches."""

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
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import SINGLE_PATH
from ntaa_tf.search.absence import draw_absences
from ntaa_tf.search.annealing import AnnealedModel
from ntaa_tf.search.paths import draw_paths
from ntaa_tf.search.penalties import attach_penalties
from ntaa_tf.search.penalties import descend_penalties
from ntaa_tf.search.schedule import end_pull
from ntaa_tf.search.schedule import learns_logits
from ntaa_tf.training.loss_scale import scale_alike
from ntaa_tf.training.loss_scale import share_overflow


@keras.saving.register_keras_serializable(package="ntaa_tf")
class Supernet(AnnealedModel):
    """A source model with a choice at every site.

    One step of `fit` moves the weights with `optimizer` and the logits with
    `architecture_optimizer`, by the gradients of the same batch. Over the
    epochs of `fit` the mixture moves from the source model to the architecture
    of the largest logits.

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
        absence: float = 0.0,
        decouples_penalties: bool = False,
        start: str = "exact",
        end: str = "exact",
        resting: Sequence[keras.Variable] = (),
        **kwargs: Any,
    ) -> None:
        """Configure the search.

        Args:
            optimizer: optimizer of the weights.
            architecture_optimizer: optimizer of the logits.
            relaxation: `expectation` mixes all candidates. `gumbel` evaluates
                one candidate, drawn with the probabilities of the logits.
                `single_path` evaluates one candidate, drawn uniformly, and
                leaves the logits and the annealing alone.
            seed: random seed of the draws.
            source_penalty: strength of the penalty on the source's operations
                (equation 17).
            cost_weight: strength of the penalty on the expected MACs of the
                sites, as a share of the source's MACs. It ignores layers that
                no choice affects, and sites that become unused because
                another site reads past them.
            confidence: an option wins only if its probability exceeds the
                probability of the source's option by this much; below 1.
            warm_up: share of the search before the logits learn.
            absence: share of the steps, while the mixture moves to the argmax,
                in which each choice leaves its place to the source's option.
            decouples_penalties: whether the penalties move the logits outside
                of the loss, at the learning rate of `architecture_optimizer`.
                In the loss, an optimizer that normalises gradients follows a
                penalty at full speed wherever the loss is flat.
            start: `exact`, or `paper` for the paper's mixture from the first
                step. The initial logits are chosen by `insert_mixed_ops`.
            end: `exact`, or `paper` for the paper's mixture to the last step.
            resting: weights that are not trained. If there are any, the
                network runs in inference mode, so that batch-norm statistics
                do not change either. Not saved in the configuration.
            **kwargs: arguments of `keras.Model.compile`, `remat` for
                rematerialisation, and the `teacher` of a `Student`.

        Raises:
            ValueError: if `relaxation`, `start` or `end` is unknown, or a
                network of cells has a relaxation that draws.
        """
        super().compile(
            optimizer, relaxation=relaxation, start=start, end=end, **kwargs
        )
        check_optimizer(self.optimizer)
        self.architecture_optimizer = scale_alike(
            self.optimizer, keras.optimizers.get(architecture_optimizer)
        )
        self.seed = seed
        self.seed_generator.state.assign([seed, 0])
        for choice in self.choices:
            choice.confidence = confidence
        self.source_penalty = source_penalty
        self.cost_weight = cost_weight
        self.confidence = confidence
        self.warm_up = warm_up
        self.absence = absence
        self.decouples_penalties = decouples_penalties
        self._resting = {id(variable) for variable in resting}
        self._penalties = attach_penalties(
            self.choices,
            source_penalty,
            cost_weight,
            measure_network(self).share_macs() if cost_weight else {},
            decouples_penalties,
        )
        self.optimizer.build(self.network_variables)
        self.architecture_optimizer.build(self.logits)

    @property
    def training_state(self) -> list[keras.Variable]:
        """Training state besides the model's variables and the optimizer's."""
        return [*self.architecture_optimizer.variables]

    @property
    def network_variables(self) -> list[keras.Variable]:
        """The trained weights: all but the logits and the resting weights."""
        others = {id(variable) for variable in self.logits} | self._resting
        return [
            variable
            for variable in self.trainable_variables
            if id(variable) not in others
        ]

    def train_step(self, data: Any) -> dict[str, Any]:
        """Move weights and logits by the gradients of one batch."""
        self.prepare_step()
        variables = self.network_variables
        logits = [] if self.relaxation == SINGLE_PATH else self.logits
        gradients, loss, predictions = self.differentiate(
            data, variables + logits, self.optimizer
        )
        split = len(variables)
        run_once(self._move, gradients[:split], gradients[split:])
        self.advance()
        return self.track(data, loss, predictions)

    def prepare_step(self) -> None:
        """Set the mixture of a step, and draw what is drawn for it."""
        self.anneal()
        if self.absence:
            draw_absences(
                self.choices, self.absence * self.is_ending, self.seed_generator
            )
        if self.relaxation != EXPECTATION:
            draw_paths(self.choices, self.seed_generator)

    @property
    def is_ending(self) -> Any:
        """Whether the mixture moves to the argmax now: 1 or 0, a tensor."""
        return ops.cast(end_pull(self.progress, self.end) > 0, "float32")

    def _move(
        self, network_gradients: list[Any], architecture_gradients: list[Any]
    ) -> None:
        """Move the weights, and the logits if they have gradients."""
        # All gradients are of a loss scaled by `optimizer`, but each optimizer
        # divides by its own scale. The ratio of the scales corrects that.
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
        """Move the logits by gradients, unless they rest now.

        This is called once for all replicas. While the logits rest, the
        optimizer makes no step at all: after a warm-up of zero gradients its
        moments would make the first steps huge.
        """
        learns = learns_logits(self.progress, self.warm_up, self.end)
        if learns is True:
            self._move_logits(gradients)
            return
        ops.cond(learns, lambda: self._move_logits(gradients), lambda: None)

    def _move_logits(self, gradients: list[Any]) -> None:
        optimizer = self.architecture_optimizer
        check_optimizer(optimizer)
        optimizer.apply_gradients(zip(gradients, self.logits, strict=True))
        if not self._penalties:
            return
        # With gradient accumulation the optimizer steps once in several
        # batches, the penalties in every batch: their steps must be smaller.
        steps = getattr(optimizer, "gradient_accumulation_steps", None) or 1
        descend_penalties(self._penalties, optimizer.learning_rate / steps)

    def differentiate(
        self,
        batch: Any,
        variables: list[keras.Variable],
        optimizer: keras.optimizers.Optimizer | None = None,
        compute_loss: Callable[..., Any] | None = None,
    ) -> tuple[list[Any], Any, Any]:
        """Compute the gradients of the loss of a batch.

        Args:
            batch: images, labels and optional sample weights, as `fit` takes
                them.
            variables: the variables to differentiate by.
            optimizer: the optimizer that scales the loss; None for no scaling.
            compute_loss: a function of images, labels, predictions and sample
                weights. The default is the loss of the weights.

        Returns:
            The gradients of the scaled loss, summed over the replicas; this
            replica's share of the loss; and its predictions.
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
        """Return the loss of the logits; here it is the loss of the weights."""
        return self.compute_loss(images, labels, predictions, sample_weight)

    def track(self, batch: Any, loss: Any, predictions: Any) -> dict[str, Any]:
        """Update the metrics with a batch and return them."""
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

    def get_compile_config(self) -> dict[str, Any] | None:
        """Return the arguments of `compile`, or None before `compile`."""
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
            "absence": self.absence,
            "decouples_penalties": self.decouples_penalties,
            "start": self.start,
            "end": self.end,
            "remat": self.remat,
        }

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile a loaded model.

        This builds both optimizers before Keras loads their states.
        """
        self.compile(**keras.saving.deserialize_keras_object(config))
