"""The mixed op: the layer at a site, a weighted sum of its candidates."""

import functools
import math
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.layers import grid
from ntaa_tf.layers.candidates import Convolution
from ntaa_tf.layers.channels import channel_matrix
from ntaa_tf.layers.choice import EXPECTATION
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.kernels import fit_kernel
from ntaa_tf.layers.kernels import merge_kernels
from ntaa_tf.layers.search_space import SOURCE
from ntaa_tf.layers.search_space import make_candidate
from ntaa_tf.layers.search_space import shares_pointwise
from ntaa_tf.layers.separable import SeparableConvolution
from ntaa_tf.layers.weight_free import WeightFree

CONVOLUTIONS = (Convolution, SeparableConvolution)

Weighted = list[tuple[Any, Any]]


@keras.saving.register_keras_serializable(package="ntaa_tf")
class MixedOp(Choice):
    """A convolution's candidates, mixed: y = Σ c_t · o_t(x).

    All that is linear in the image is merged into one kernel, as
    Σ c_t · (K_t * x) = (Σ c_t · K_t) * x: one convolution, whatever the number
    of linear candidates. Pooling by maximum, globalisation and noise are
    added beside it. At a pointwise site whose spatial candidates are
    separable, the merged kernel is depthwise, before the pointwise kernel
    that all of them share.

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
            if isinstance(candidate, CONVOLUTIONS) and (
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
            return self.activation(self._mix(images, training))
        branches = [
            functools.partial(self._evaluate, index, training=training)
            for index in range(len(self.options))
        ]
        return self.activation(self.follow(branches, images))

    def call_literally(self, images: Any, training: bool = False) -> Any:
        """Mix candidate by candidate: the reference for `call`."""
        outputs = sum(
            weight * candidate(images, training=training)
            for pairs in self._weigh()
            for weight, candidate in pairs
        )
        return self.activation(outputs)

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
        taps = math.prod(self._extent())
        if geometry.kind == "depthwise":
            return pixels * taps * geometry.in_channels
        if self._shares_pointwise():
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

    def _mix(self, images: Any, training: bool) -> Any:
        """Add up the candidates, each times its coefficient."""
        convolutions, weight_free = self._weigh()
        outputs = self._convolve(images, convolutions, weight_free)
        if self.use_bias:
            outputs += self._merge_biases(convolutions)
        beside = self._mix_beside(images, weight_free, training)
        return outputs if beside is None else outputs + beside

    def _weigh(self) -> tuple[Weighted, Weighted]:
        """Pair convolutions, and weight-free candidates, with coefficients."""
        weights = self.coefficients()
        if self.has_gains:
            weights = weights * self.gains
        coefficients = ops.unstack(weights, len(self.options))
        pairs = list(zip(coefficients, self.candidates, strict=True))
        convolutions = [p for p in pairs if isinstance(p[1], CONVOLUTIONS)]
        return convolutions, [p for p in pairs if isinstance(p[1], WeightFree)]

    def _convolve(
        self, images: Any, convolutions: Weighted, weight_free: Weighted
    ) -> Any:
        """Convolve with everything linear, merged into one kernel."""
        if self._shares_pointwise():
            return self._convolve_separable(images, convolutions)
        kernels = [
            (weight, candidate.spread_kernel())
            for weight, candidate in convolutions
        ]
        window = _merge_windows(weight_free)
        if window is not None:
            kernels.append((1.0, window * self._channel_matrix()))
        kernel = merge_kernels(kernels, self._extent())
        depthwise = self.geometry.kind == "depthwise"
        convolve = grid.convolve_depthwise if depthwise else grid.convolve
        kernel = ops.cast(kernel, self.compute_dtype)
        return convolve(images, kernel, self.geometry)

    def _convolve_separable(self, images: Any, convolutions: Weighted) -> Any:
        """Convolve with a merged depthwise kernel and the pointwise one."""
        kernels = [
            (weight, candidate.spread_depthwise())
            for weight, candidate in convolutions
        ]
        depthwise = merge_kernels(kernels, self._extent())
        return grid.convolve_separable(
            images,
            ops.cast(depthwise, self.compute_dtype),
            ops.cast(self.source.kernel, self.compute_dtype),
            self.geometry,
            depthwise_last=self.geometry.reduces,
        )

    def _merge_biases(self, convolutions: Weighted) -> Any:
        bias = sum(
            weight * candidate.bias for weight, candidate in convolutions
        )
        return ops.cast(bias, self.compute_dtype)

    def _mix_beside(
        self, images: Any, weight_free: Weighted, training: bool
    ) -> Any:
        """Mix what no kernel holds, on the smaller of the channel counts."""
        parts: list[Any] = []
        for weight, candidate in weight_free:
            if candidate.has_residue:
                weight = ops.cast(weight, self.compute_dtype)
                parts.append((candidate, weight))
        window = (
            _merge_windows(weight_free) if self._shares_pointwise() else None
        )
        if not parts and window is None:
            return None
        adapter = weight_free[0][1]
        images = adapter.reduce(images)
        mixed = [
            candidate.weigh_residue(images, weight, training)
            for candidate, weight in parts
        ]
        if window is not None:
            mixed.append(self._convolve_window(images, window))
        return adapter.expand(sum(mixed[1:], mixed[0]))

    def _convolve_window(self, images: Any, window: Any) -> Any:
        """Apply the merged windows of the weight-free, channel by channel."""
        kernel = ops.tile(window, (1, 1, images.shape[-1], 1))
        kernel = fit_kernel(kernel, self.geometry.crop(kernel.shape[:2]))
        kernel = ops.cast(kernel, self.compute_dtype)
        return grid.convolve_depthwise(images, kernel, self.geometry)

    def _channel_matrix(self) -> np.ndarray:
        """Give what a window is multiplied by to become a kernel."""
        if self.geometry.kind == "depthwise":
            return np.ones((1, 1), "float32")
        return channel_matrix(
            self.geometry.in_channels, self.geometry.out_channels
        )

    def _extent(self) -> Pair:
        """Give the pixels that the merged kernel spans."""
        separable = self._shares_pointwise()
        extents = [
            candidate.extent
            for candidate in self.candidates
            if isinstance(candidate, CONVOLUTIONS)
            or (candidate.window is not None and not separable)
        ]
        height, width = (max(sizes) for sizes in zip(*extents, strict=True))
        last = separable and self.geometry.reduces
        geometry = self.geometry.behind if last else self.geometry
        return geometry.crop((height, width))

    def _shares_pointwise(self) -> bool:
        """Whether all convolutions here are separable, but the source's."""
        return shares_pointwise(self.options, self.geometry)


def _merge_windows(weight_free: Weighted) -> Any:
    """Merge the linear parts of the weight-free, or give None."""
    windows = [
        (weight, candidate.window[..., None, None])
        for weight, candidate in weight_free
        if candidate.window is not None
    ]
    if not windows:
        return None
    heights, widths, *_ = zip(*(w.shape for _, w in windows), strict=True)
    return merge_kernels(windows, (max(heights), max(widths)))
