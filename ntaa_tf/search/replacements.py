"""The layers that replace the sites of a source model."""

from typing import Any
from typing import cast

import keras
import numpy as np

from ntaa_tf.geometry import Geometry
from ntaa_tf.graph.geometry import absorb_padding
from ntaa_tf.graph.select import FoundConvolution
from ntaa_tf.graph.walk import find_upstream
from ntaa_tf.layers.mixed_input import MixedInput
from ntaa_tf.layers.mixed_input import fits
from ntaa_tf.layers.mixed_op import MixedOp
from ntaa_tf.layers.search_space import SOURCE
from ntaa_tf.layers.search_space import list_candidates


def input_name(site: str) -> str:
    """Return the name of the layer that chooses the input of a site."""
    return f"{site}_input"


class Replacements:
    """The mixed ops that replace the sites while the graph is rewritten.

    Args:
        sites: the convolutions to replace, inputs first.
        spaces: the candidates of each site, by its name.
        skip_inputs: number of inputs that a site chooses from.
        inherit: whether new candidates start with the source's kernel.
        seed: random seed of kernels and of noise.
        has_gains: whether weight-free candidates have a scale.
        lead: initial difference between the source's logit and the others.
        nests: whether larger kernels consist of the source's kernel and new
            taps around it.
    """

    def __init__(
        self,
        sites: list[FoundConvolution],
        spaces: dict[str, str],
        skip_inputs: int,
        inherit: bool,
        seed: int,
        has_gains: bool = False,
        lead: float = 1.0,
        nests: bool = False,
    ):
        self._sites = sites
        self._lead = lead
        self._skip_inputs = skip_inputs
        self._inherit = inherit
        # The input tensor of each site, in the order in which sites are called.
        self._inputs: dict[str, Any] = {}
        # A mixed op adds the index of a candidate to its seed. Steps of 100
        # keep the seeds of different sites apart.
        self._mixed_ops = {
            site.name: _make_mixed_op(
                site,
                spaces[site.name],
                seed=seed + 100 * index,
                has_gains=has_gains,
                nests=nests,
                lead=lead,
            )
            for index, site in enumerate(sites)
        }
        self._pointwise = {
            site.name: _make_pointwise(site.layer)
            for site in sites
            if isinstance(site.layer, keras.layers.SeparableConv2D)
        }

    def by_site(self) -> dict[str, Any]:
        """Return the call that replaces each site, as `rewrite` takes it."""
        return {site.name: self._replace(site) for site in self._sites}

    def copy_weights(self) -> None:
        """Copy the source's weights into the new layers."""
        for site in self._sites:
            kernel, bias = _read_weights(site.layer)
            mixed_op = self._mixed_ops[site.name]
            mixed_op.inherit(kernel, bias, self._inherit)
        for name, pointwise in self._pointwise.items():
            layer = next(s.layer for s in self._sites if s.name == name)
            pointwise.set_weights(layer.get_weights()[1:])

    def _replace(self, site: FoundConvolution) -> Any:
        def call(tensor: Any, **_: Any) -> Any:
            # The site's geometry includes a padding layer before the
            # convolution, so the mixed op reads the tensor before the padding.
            own, _padding = absorb_padding(tensor)
            # A shared layer is called at several places, which have different
            # earlier inputs, but it can choose only once. It keeps its own.
            earlier = {} if site.shared else self._earlier_inputs(own)
            self._inputs[site.name] = own
            if earlier:
                options = tuple(map(str, [0, *earlier]))
                mixed_input = MixedInput(
                    options, lead=self._lead, name=input_name(site.name)
                )
                own = mixed_input([own, *earlier.values()])
            outputs = self._mixed_ops[site.name](own)
            if site.name in self._pointwise:
                outputs = self._pointwise[site.name](outputs)
            return outputs

        return call

    def _earlier_inputs(self, own: Any) -> dict[int, Any]:
        """Return the inputs of the nearest earlier sites that fit.

        Only sites upstream of the site's own input count: a site on a parallel
        branch is not a preceding layer.

        Args:
            own: the site's own input.

        Returns:
            The input tensors, by the number of sites to go back.
        """
        if self._skip_inputs == 1:
            return {}
        upstream = find_upstream(own)
        before = [
            tensor
            for name, tensor in self._inputs.items()
            if id(self._mixed_ops[name]) in upstream
        ]
        nearest = before[::-1][: self._skip_inputs - 1]
        return {
            reads: tensor
            for reads, tensor in enumerate(nearest, start=1)
            if fits(own.shape, tensor.shape)
        }


def _make_mixed_op(
    site: FoundConvolution, candidates: str, **options: Any
) -> MixedOp:
    """Make the mixed op of a site.

    A separable convolution is a depthwise site. Its bias and its activation
    belong to the pointwise convolution behind it.
    """
    separable = isinstance(site.layer, keras.layers.SeparableConv2D)
    geometry = cast(Geometry, site.geometry)
    names: tuple[str, ...] = (SOURCE,)
    if candidates != SOURCE:
        names = list_candidates(candidates, geometry)
    return MixedOp(
        geometry,
        names,
        use_bias=site.layer.use_bias and not separable,
        activation=None if separable else site.layer.activation,
        name=site.name,
        **options,
    )


def _make_pointwise(layer: keras.layers.SeparableConv2D) -> keras.layers.Conv2D:
    """Make the pointwise part of a separable convolution."""
    return keras.layers.Conv2D(
        layer.filters,
        1,
        use_bias=layer.use_bias,
        activation=layer.activation,
        name=f"{layer.name}_pointwise",
    )


def _read_weights(layer: keras.Layer) -> tuple[np.ndarray, np.ndarray | None]:
    """Return the kernel and the bias in the layout of the candidates."""
    kernel, *others = layer.get_weights()
    if isinstance(layer, keras.layers.SeparableConv2D):
        return kernel, None
    # With one group for each channel, Conv2D has kernels (h, w, 1, channels)
    # and a depthwise candidate (h, w, channels, 1).
    if getattr(layer, "groups", 1) > 1:
        kernel = np.swapaxes(kernel, 2, 3)
    return kernel, others[0] if others else None
