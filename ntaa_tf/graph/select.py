"""Roles of the convolutions of a model, and the selection of sites."""

import re
from dataclasses import dataclass
from typing import Any

import keras

from ntaa_tf.graph.geometry import Geometry
from ntaa_tf.graph.geometry import UnsupportedConvolutionError
from ntaa_tf.graph.geometry import measure_convolution
from ntaa_tf.graph.rewrite import as_functional
from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import find_ancestors
from ntaa_tf.graph.walk import find_consumers
from ntaa_tf.graph.walk import list_calls

SUPPORTED = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
)
CONVOLUTION_LAYERS = (*SUPPORTED, keras.layers.Conv2DTranspose)
GLOBAL_POOLINGS = (
    keras.layers.GlobalAveragePooling2D,
    keras.layers.GlobalMaxPooling2D,
)


@dataclass(frozen=True)
class FoundConvolution:
    """A convolution of a model, with its role.

    Args:
        layer: the Keras layer.
        role: `main`; `stem` (no convolution before it); `shortcut` (the
            projection parallel to a residual branch); `gate` (squeeze and
            excitation); `head` (behind the last global pooling). A shared
            layer has the role of its first call.
        geometry: None if no candidate fits.
        refusal: the reason why no candidate fits, else empty.
        shared: whether the layer is called more than once.
    """

    layer: Any
    role: str
    geometry: Geometry | None
    refusal: str
    shared: bool

    @property
    def name(self) -> str:
        """The name of the layer, and of its site."""
        return self.layer.name


def find_convolutions(model: keras.Model) -> list[FoundConvolution]:
    """List the convolutions of a flat functional model in execution order."""
    calls = list_calls(as_functional(model))
    roles = Roles(calls)
    # By identity of the layer: a shared layer is one convolution, one site.
    found: dict[int, list[Call]] = {}
    for call in calls:
        if isinstance(call.operation, CONVOLUTION_LAYERS):
            found.setdefault(id(call.operation), []).append(call)
    return [
        FoundConvolution(
            layer=uses[0].operation,
            role=roles.name(uses[0]),
            shared=len(uses) > 1,
            **_describe_geometry(uses),
        )
        for uses in found.values()
    ]


def select_sites(
    convolutions: list[FoundConvolution], sites: str = "all"
) -> list[FoundConvolution]:
    """Select the convolutions that the search may replace.

    Args:
        convolutions: the result of `find_convolutions`.
        sites: `all`: all convolutions of the main path, without the stem,
            shortcut projections, gates and heads. `spatial`: main-path
            convolutions with kernels larger than 1×1. `last:N`: the last N of
            the main path. Anything else is a regular expression for whole
            layer names, whatever their role.

    Raises:
        ValueError: if `sites` is no valid expression, or matches nothing.
    """
    supported = [conv for conv in convolutions if conv.geometry is not None]
    main = [conv for conv in supported if conv.role == "main"]
    if sites == "all":
        chosen = main
    elif sites == "spatial":
        chosen = [conv for conv in main if conv.layer.kernel_size != (1, 1)]
    elif match := re.fullmatch(r"last:([1-9]\d*)", sites):
        chosen = main[-int(match[1]) :]
    else:
        pattern = _compile(sites)
        chosen = [conv for conv in supported if pattern.fullmatch(conv.name)]
    if not chosen:
        raise ValueError(
            "Invalid value for `sites`. Expected 'all', 'spatial', 'last:N' "
            "or a regular expression that matches whole names of convolutions: "
            f"{[conv.name for conv in supported]}. Received: {sites!r}, which "
            f"matches none.{_explain_refusals(convolutions)}"
        )
    return chosen


def explain_selection(conv: FoundConvolution, chosen: set[str]) -> str:
    """Return why a convolution is no site; an empty string if it is one.

    Args:
        conv: the convolution.
        chosen: names of the selected sites.
    """
    if conv.name in chosen:
        return ""
    if conv.refusal:
        return conv.refusal
    return "not selected" if conv.role == "main" else conv.role


def _explain_refusals(convolutions: list[FoundConvolution]) -> str:
    refusals = {conv.refusal for conv in convolutions if conv.refusal}
    if not refusals:
        return ""
    reasons = "; ".join(sorted(refusals))
    return f" The other convolutions can't be sites: {reasons}."


def _compile(sites: str) -> re.Pattern:
    try:
        return re.compile(sites)
    except re.error as error:
        raise ValueError(
            "Invalid value for `sites`. Expected 'all', 'spatial', 'last:N' "
            f"or a regular expression. Received: {sites!r} ({error})."
        ) from error


def _describe_geometry(uses: list[Call]) -> dict[str, Any]:
    """Measure the common geometry of a layer's calls, or why it has none."""
    try:
        geometries = {_measure(call) for call in uses}
        if len(geometries) > 1:
            raise UnsupportedConvolutionError(
                "shared by calls of different geometry"
            )
    except UnsupportedConvolutionError as refusal:
        return {"geometry": None, "refusal": str(refusal)}
    return {"geometry": geometries.pop(), "refusal": ""}


def _measure(call: Call) -> Geometry:
    layer = call.operation
    if isinstance(layer, keras.layers.Conv2DTranspose):
        raise UnsupportedConvolutionError("transposed convolution")
    if type(layer) not in SUPPORTED:  # A subclass may compute anything.
        raise UnsupportedConvolutionError(f"subclass {type(layer).__name__}")
    return measure_convolution(layer, call.inputs[0])


class Roles:
    """Roles of calls, derived from the paths of the graph around them.

    Sets of calls are bit masks, as `find_ancestors` returns them.
    """

    def __init__(self, calls: list[Call]):
        self._calls = calls
        self._consumers = find_consumers(calls)
        self._ancestors = find_ancestors(calls)
        self._convolutions = sum(
            1 << call.index
            for call in calls
            if isinstance(call.operation, CONVOLUTION_LAYERS)
        )
        self._pooled = self._find_pooled()
        self._shortcuts = self._find_shortcuts()

    def name(self, call: Call) -> str:
        """Name the role of a call of a convolution or dense layer."""
        # The order matters: a gate before any convolution counts as stem, and
        # pooled calls are never shortcuts.
        before = self._ancestors[call.index] & ~(1 << call.index)
        if not before & self._convolutions:
            return "stem"
        if call.index in self._pooled:
            return "gate" if self.rejoins(call) else "head"
        return "shortcut" if call.index in self._shortcuts else "main"

    def is_pooled(self, call: Call) -> bool:
        """Return whether a call reads the image through global pooling only."""
        return call.index in self._pooled

    def _find_pooled(self) -> set[int]:
        """Find the calls that read the image through global pooling only.

        These are the global poolings, and the calls that read nothing but
        pooled calls, unless they make a feature map again.
        """
        pooled: set[int] = set()
        for call in self._calls:
            if isinstance(call.operation, GLOBAL_POOLINGS) or (
                call.parents
                and all(i in pooled for i in call.parents)
                and not _makes_map(call)
            ):
                pooled.add(call.index)
        return pooled

    def rejoins(self, call: Call) -> bool:
        """Return whether a pooled call leads to a call that is not pooled.

        A squeeze-and-excitation gate does: it multiplies a feature map. A
        head doesn't.
        """
        return any(
            consumer.index not in self._pooled or self.rejoins(consumer)
            for consumer in self._consumers[call.index]
        )

    def _find_shortcuts(self) -> set[int]:
        """Find shortcut projections at the additions of the graph.

        A projection is a single 1×1 convolution on one input of an addition,
        parallel to at least two convolutions on the other.
        """
        shortcuts: set[int] = set()
        for call in self._calls:
            # By name, for Keras has two classes Add: the layer, and the
            # operation behind `x + y`.
            if (
                type(call.operation).__name__ == "Add"
                and len(call.parents) == 2
            ):
                left, right = (self._ancestors[i] for i in call.parents)
                shortcuts |= self._lone_projection(left, right)
                shortcuts |= self._lone_projection(right, left)
        return shortcuts

    def _lone_projection(self, branch: int, beside: int) -> set[int]:
        # Convolutions before both inputs of the addition belong to neither.
        own = branch & ~beside & self._convolutions
        others = beside & ~branch & self._convolutions
        if own.bit_count() != 1 or others.bit_count() < 2:
            return set()
        index = own.bit_length() - 1  # Position of the only bit.
        layer = self._calls[index].operation
        is_projection = getattr(layer, "kernel_size", None) == (1, 1)
        return {index} if is_projection else set()


def _makes_map(call: Call) -> bool:
    """Return whether a call makes a feature map, as collapsed globalization.

    Globalization collapses into global pooling and upsampling.
    """
    shape = call.output.shape
    # By its class: on a map of one pixel, upsampling keeps the shape 1 × 1.
    is_upsampling = isinstance(call.operation, keras.layers.UpSampling2D)
    return is_upsampling or (len(shape) == 4 and shape[1:3] != (1, 1))
