"""Mixed op: the layer at a site, a weighted sum of its candidates."""

import functools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.mixture import CONVOLUTION_CANDIDATES
from ntaa_tf.layers.mixture import Mixture
from ntaa_tf.layers.mixture import find_extent
from ntaa_tf.layers.search_space import SOURCE
from ntaa_tf.layers.search_space import make_candidate
from ntaa_tf.layers.search_space import shares_pointwise
from ntaa_tf.layers.weight_free import WeightFree


@keras.saving.register_keras_serializable(package="ntaa_tf")
class MixedOp(Choice):
    """Weighted sum of the candidates of a site: y = Σ c_t · o_t(x).

    See `Choice` for the coefficients c, and `Mixture` for the computation:
    one convolution for all candidates that are linear in x.

    Args:
        geometry: geometry of the source's convolution.
        candidates: names of the candidates, `source` first.
        use_bias: whether the source's convolution has a bias.
        activation: activation of the source's convolution, applied to the
            sum.
        seed: seed of random kernels and of noise.
        has_gains: whether to scale weight-free candidates, see `calibrate`.
        nests: whether kernels larger than the source's contain its current
            kernel and train only the taps around it. Such a candidate begins
            with the source's outputs, so it gets the source's initial logit.

    Call arguments:
        images: feature maps.
        training: whether the model trains; noise is zero otherwise.

    Input shape:
        `(batch, height, width, geometry.in_channels)`.

    Output shape:
        `(batch, *geometry.output_size, geometry.out_channels)`.

    Source: NTAA, equations 12 and 14.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), (8, 8), 4, 4
    ... )
    >>> mixed_op = MixedOp(geometry, ("source", "conv5x5", "identity"))
    >>> print(mixed_op(np.ones((2, 8, 8, 4))).shape)
    (2, 8, 8, 4)
    """

    def __init__(
        self,
        geometry: Geometry,
        candidates: tuple[str, ...],
        use_bias: bool = False,
        activation: Any = None,
        seed: int = 0,
        has_gains: bool = False,
        nests: bool = False,
        **kwargs: Any,
    ):
        super().__init__(options=tuple(candidates), **kwargs)
        self.nests = nests
        self.has_gains = has_gains
        self.geometry = geometry
        self.use_bias = use_bias
        self.activation = keras.activations.get(activation)
        self.seed = seed
        # Shared weights belong to the source's convolution: its pointwise
        # kernel to separable candidates, and its kernel to nested ones.
        self.source = make_candidate(SOURCE, geometry, use_bias, seed)
        pointwise = self.source if self._shares_pointwise() else None
        core = self.source if nests else None
        self.candidates = [
            self.source,
            *(
                make_candidate(
                    name, geometry, use_bias, seed + index, pointwise, core
                )
                for index, name in enumerate(candidates[1:], start=1)
            ),
        ]

    def build(self, input_shape: tuple) -> None:
        """Create the logits, the candidates' weights and the gains."""
        super().build(input_shape)
        for candidate in self.candidates:
            if not candidate.built:
                candidate.build(input_shape)
        if self.has_gains:
            self.gains = self.add_weight(
                (len(self.options),),
                "ones",
                trainable=False,
                autocast=False,
                name="gains",
                aggregation="only_first_replica",
            )

    def calibrate(self, images: Any) -> None:
        """Scale weight-free candidates to the source's standard deviation.

        The gain of a candidate is the standard deviation of the source's
        outputs over that of the candidate's, or 1 if the latter is constant.

        Args:
            images: inputs of this layer, (batch, height, width, channels).
        """
        deviation = float(ops.std(self.source(images)))
        gains = [1.0] * len(self.options)
        for index, candidate in enumerate(self.candidates):
            if isinstance(candidate, WeightFree):
                own = float(ops.std(candidate(images)))
                gains[index] = deviation / own if own > 0 else 1.0
        self.gains.assign(gains)

    def inherit(
        self, kernel: np.ndarray, bias: np.ndarray | None, all_candidates: bool
    ) -> None:
        """Copy the weights of the source's convolution.

        Args:
            kernel: (height, width, input channels, output channels).
            bias: (output channels,), or None.
            all_candidates: whether new candidates inherit as well. If not,
                they stay random.
        """
        for candidate in self.candidates:
            if isinstance(candidate, CONVOLUTION_CANDIDATES) and (
                candidate is self.source or all_candidates
            ):
                candidate.inherit(kernel, bias)

    def call(self, images: Any, training: bool = False) -> Any:
        """Mix all candidates, or evaluate the drawn one; see `Choice`."""
        images = ops.cast(images, self.compute_dtype)
        if self.relaxation == EXPECTATION:
            return self.activation(self._mixture().mix(images, training))
        branches = [
            functools.partial(self._evaluate, index, training=training)
            for index in range(len(self.options))
        ]
        return self.activation(self.follow(branches, images))

    def call_literally(self, images: Any, training: bool = False) -> Any:
        """Mix candidate by candidate, as a reference for `call`."""
        return self.activation(self._mixture().mix_literally(images, training))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the output shape of the source's convolution."""
        return self.source.compute_output_shape(input_shape)

    def plain_layers(self, option: str) -> list[keras.Layer]:
        """Build stock layers, with weights, that compute one candidate.

        Args:
            option: name of the candidate.

        Returns:
            Layers to apply in this order: the candidate, its gain if it has
            one, and the activation.
        """
        candidate = self.candidates[self.options.index(option)]
        layers = candidate.plain_layers(self.name)
        if self.has_gains and isinstance(candidate, WeightFree):
            gain = float(self.gains[self.options.index(option)])
            scaling = keras.layers.Rescaling(gain, name=f"{self.name}_gain")
            layers = [*layers, scaling]
        if self.activation is keras.activations.linear:
            return layers
        # The last layer of a convolution has an activation of its own; a
        # pooling layer has none.
        if isinstance(candidate, WeightFree):
            name = f"{self.name}_activation"
            return [
                *layers,
                keras.layers.Activation(self.activation, name=name),
            ]
        layers[-1].activation = self.activation
        return layers

    def is_weight_free(self, option: str) -> bool:
        """Return whether a candidate has no weights."""
        candidate = self.candidates[self.options.index(option)]
        return isinstance(candidate, WeightFree)

    @property
    def num_unmerged(self) -> int:
        """Number of candidates with a part that no kernel can hold."""
        return sum(
            isinstance(candidate, WeightFree) and candidate.has_nonlinear
            for candidate in self.candidates
        )

    def count_macs(self) -> int:
        """Count the multiply-adds of the merged convolutions for one image."""
        geometry = self.geometry
        pixels = math.prod(geometry.output_size)
        shares = self._shares_pointwise()
        taps = math.prod(find_extent(geometry, self.candidates, shares))
        if geometry.kind == "depthwise":
            return pixels * taps * geometry.in_channels
        # The depthwise kernel is on the side with fewer channels, whether
        # before or behind the pointwise one.
        if shares:
            narrower = min(geometry.in_channels, geometry.out_channels)
            dense = geometry.in_channels * geometry.out_channels
            return pixels * (narrower * taps + dense)
        return pixels * taps * geometry.in_channels * geometry.out_channels

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        config = super().get_config()
        config["candidates"] = config.pop("options")
        return config | {
            "geometry": self.geometry.get_config(),
            "use_bias": self.use_bias,
            "activation": keras.activations.serialize(self.activation),
            "seed": self.seed,
            "has_gains": self.has_gains,
            "nests": self.nests,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "MixedOp":
        """Build a mixed op from its configuration."""
        geometry = Geometry.from_config(config["geometry"])
        return cls(**{**config, "geometry": geometry})

    def _initial_logits(self) -> Any:
        """Return θ_init, with the lead at every nested kernel as well.

        A nested kernel begins as the source's convolution. So its share of
        the initial mixture leaves the outputs at the source's.
        """
        if not self.nests:
            return super()._initial_logits()
        same = [candidate.keeps_source for candidate in self.candidates]
        return self.lead * ops.cast(same, "float32")

    def _evaluate(self, index: int, images: Any, training: bool) -> Any:
        """Compute one candidate alone."""
        outputs = self.candidates[index](images, training=training)
        if self.has_gains:
            outputs *= ops.cast(self.gains[index], outputs.dtype)
        return outputs

    def _mixture(self) -> Mixture:
        """Return the candidates with their present coefficients."""
        # A gain only changes the coefficient: c · (g · o(x)) = (c · g) · o(x).
        weights = self.coefficients()
        if self.has_gains:
            weights = weights * self.gains
        return Mixture(
            self.geometry,
            self.candidates,
            ops.unstack(weights, len(self.options)),
            self._shares_pointwise(),
            self.compute_dtype,
        )

    def _shares_pointwise(self) -> bool:
        return shares_pointwise(self.options, self.geometry)
