"""The mixed op: the layer at a site, a weighted sum of its candidates."""

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
    """A convolution's candidates, mixed: y = Σ c_t · o_t(x).

    It is computed as `Mixture` says: by one convolution for all that is
    linear in the image.

    Args:
        geometry: the geometry of the source's convolution.
        candidates: names of the candidates, `source` first.
        use_bias: whether the source's convolution has a bias.
        activation: what follows the mixture.
        seed: of random kernels and of noise.
        has_gains: whether weight-free candidates are scaled, see `calibrate`.
        nests: whether larger kernels are the source's own and taps around it,
            instead of kernels of their own. They begin as the source then,
            and so do their logits.

    Source: NTAA, equations 12 and 14.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), (8, 8), 4, 4
    ... )
    >>> mixed_op = MixedOp(geometry, ("source", "conv5x5", "identity"))
    >>> mixed_op(np.ones((2, 8, 8, 4))).shape
    TensorShape([2, 8, 8, 4])
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
        """Create the logits and the candidates' weights."""
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
        """Scale weight-free candidates to the source's own deviation.

        Args:
            images: (batch, height, width, channels), as the site reads them.
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
        """Take over the weights of the source's convolution.

        Args:
            kernel: (height, width, channels, channels).
            bias: (channels,), or None.
            all_candidates: whether new candidates inherit too, or stay random.
        """
        for candidate in self.candidates:
            if isinstance(candidate, CONVOLUTION_CANDIDATES) and (
                candidate is self.source or all_candidates
            ):
                candidate.inherit(kernel, bias)

    def call(self, images: Any, training: bool = False) -> Any:
        """Mix, or evaluate the candidate that is drawn; see `Choice`.

        Args:
            images: (batch, height, width, channels).
            training: whether the model trains; noise is for training only.
        """
        images = ops.cast(images, self.compute_dtype)
        if self.relaxation == EXPECTATION:
            return self.activation(self._weigh().mix(images, training))
        branches = [
            functools.partial(self._evaluate, index, training=training)
            for index in range(len(self.options))
        ]
        return self.activation(self.follow(branches, images))

    def call_literally(self, images: Any, training: bool = False) -> Any:
        """Mix candidate by candidate: the reference for `call`."""
        return self.activation(self._weigh().mix_literally(images, training))

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Give the shape of the source's own output."""
        return self.source.compute_output_shape(input_shape)

    def plain_layers(self, option: str) -> list[keras.Layer]:
        """Give stock layers, built, that compute one candidate in turn.

        Args:
            option: the name of the candidate.
        """
        candidate = self.candidates[self.options.index(option)]
        layers = candidate.plain_layers(self.name)
        if self.has_gains and isinstance(candidate, WeightFree):
            gain = float(self.gains[self.options.index(option)])
            scaling = keras.layers.Rescaling(gain, name=f"{self.name}_gain")
            layers = [*layers, scaling]
        if self.activation is keras.activations.linear:
            return layers
        if isinstance(candidate, WeightFree):
            name = f"{self.name}_activation"
            return [
                *layers,
                keras.layers.Activation(self.activation, name=name),
            ]
        layers[-1].activation = self.activation
        return layers

    def is_weight_free(self, option: str) -> bool:
        """Whether a candidate has no weights."""
        candidate = self.candidates[self.options.index(option)]
        return isinstance(candidate, WeightFree)

    @property
    def num_unmerged(self) -> int:
        """How many candidates no kernel holds."""
        return sum(
            isinstance(candidate, WeightFree) and candidate.has_residue
            for candidate in self.candidates
        )

    def count_macs(self) -> int:
        """Count the multiply-adds of one image, everything linear merged."""
        geometry = self.geometry
        pixels = math.prod(geometry.output_size)
        shares = self._shares_pointwise()
        taps = math.prod(find_extent(geometry, self.candidates, shares))
        if geometry.kind == "depthwise":
            return pixels * taps * geometry.in_channels
        if shares:
            narrower = min(geometry.in_channels, geometry.out_channels)
            dense = geometry.in_channels * geometry.out_channels
            return pixels * (narrower * taps + dense)
        return pixels * taps * geometry.in_channels * geometry.out_channels

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
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
        """Make a mixed op from its configuration."""
        geometry = Geometry.from_config(config["geometry"])
        return cls(**{**config, "geometry": geometry})

    def _initial_logits(self) -> Any:
        """Give θ_init: the lead at the source, and at what begins as it."""
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

    def _weigh(self) -> Mixture:
        """Give the candidates, each with its coefficient."""
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
        """Whether all convolutions here are separable, but the source's."""
        return shares_pointwise(self.options, self.geometry)
