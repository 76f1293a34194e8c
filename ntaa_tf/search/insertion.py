"""The layers that a supernet has at its sites, built call by call."""

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
    """Name the layer that chooses the input of a site."""
    return f"{site}_input"


class Insertion:
    """Builds the mixed ops of the sites while the graph is rewritten.

    Args:
        sites: the convolutions to replace, inputs first.
        spaces: the candidates of each site, by its name.
        skip_inputs: from how many layers a site chooses its input.
        inherit: whether new candidates start as the source's kernels.
        seed: of random kernels and of noise.
        has_gains: whether weight-free candidates are scaled.
        lead: by how much the source's logits exceed the others at first.
        nests: whether larger kernels are the source's own and taps around it.
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
        self._inputs: dict[str, Any] = {}
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

    def replacements(self) -> dict[str, Any]:
        """Give what stands at each site, by the site's name."""
        return {site.name: self._replace(site) for site in self._sites}

    def copy_weights(self) -> None:
        """Give the new layers the weights of the source."""
        for site in self._sites:
            kernel, bias = _read_weights(site.layer)
            mixed_op = self._mixed_ops[site.name]
            mixed_op.inherit(kernel, bias, self._inherit)
        for name, pointwise in self._pointwise.items():
            layer = next(s.layer for s in self._sites if s.name == name)
            pointwise.set_weights(layer.get_weights()[1:])

    def _replace(self, site: FoundConvolution) -> Any:
        def call(tensor: Any, **_: Any) -> Any:
            own, _padding = absorb_padding(tensor)
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
        """Map how many sites back to what the site there reads, if it fits."""
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
    """Make what follows the depthwise part of a separable convolution."""
    return keras.layers.Conv2D(
        layer.filters,
        1,
        use_bias=layer.use_bias,
        activation=layer.activation,
        name=f"{layer.name}_pointwise",
    )


def _read_weights(layer: keras.Layer) -> tuple[np.ndarray, np.ndarray | None]:
    """Give the kernel as candidates hold it, and the bias."""
    kernel, *others = layer.get_weights()
    if isinstance(layer, keras.layers.SeparableConv2D):
        return kernel, None
    if getattr(layer, "groups", 1) > 1:
        kernel = np.swapaxes(kernel, 2, 3)
    return kernel, others[0] if others else None
