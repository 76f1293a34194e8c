"""The search spaces by name, and which candidates fit a site."""

import math
from collections.abc import Callable
from typing import Any
from typing import cast

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import Pair
from ntaa_tf.layers.candidates import Candidate
from ntaa_tf.layers.candidates import Convolution
from ntaa_tf.layers.separable import SeparableConvolution
from ntaa_tf.layers.weight_free import AveragePooling
from ntaa_tf.layers.weight_free import Globalization
from ntaa_tf.layers.weight_free import Identity
from ntaa_tf.layers.weight_free import MaxPooling
from ntaa_tf.layers.weight_free import Noise
from ntaa_tf.layers.weight_free import Zero

SOURCE = "source"

DENSE_CONVOLUTIONS = {
    "conv5x5": (5, 1),
    "conv3x3": (3, 1),
    "conv1x1": (1, 1),
    "dilated3x3": (3, 2),
}
SEPARABLE_CONVOLUTIONS = {"separable5x5": 5, "separable3x3": 3}
WEIGHT_FREE: dict[str, Callable[..., Candidate]] = {
    "max_pool": MaxPooling,
    "avg_pool": AveragePooling,
    "globalization": Globalization,
    "identity": Identity,
    "noise": Noise,
    "zero": Zero,
}
CANDIDATES = (*DENSE_CONVOLUTIONS, *SEPARABLE_CONVOLUTIONS, *WEIGHT_FREE)

_DENSE = ("conv5x5", "conv3x3", "conv1x1")
_SEPARABLE = ("separable5x5", "separable3x3", "conv1x1")
_PAPER = ("max_pool", "avg_pool", "globalization", "identity", "noise")

SEARCH_SPACES = {
    "ntaa": {
        "dense": _DENSE + _PAPER,
        "pointwise": _SEPARABLE + _PAPER,
        "depthwise": _DENSE + _PAPER,
    },
    "ntaa_dense": dict.fromkeys(
        ("dense", "pointwise", "depthwise"), _DENSE + _PAPER
    ),
    "ntaa_depthwise": {
        "dense": _SEPARABLE + _PAPER,
        "pointwise": _SEPARABLE + _PAPER,
        "depthwise": _DENSE + _PAPER,
    },
}


def check_candidates(candidates: str) -> None:
    """Raise a ValueError unless every name in `candidates` is known."""
    if candidates in SEARCH_SPACES:
        return
    names = _split(candidates)
    unknown = [name for name in names if name not in CANDIDATES]
    if unknown:
        raise ValueError(
            "Invalid value for `candidates`. Expected one of "
            f"{list(SEARCH_SPACES)}, or a comma-separated list of "
            f"{list(CANDIDATES)}. Received: {candidates!r}, in which "
            f"{unknown} are unknown."
        )


def list_candidates(candidates: str, geometry: Geometry) -> tuple[str, ...]:
    """List the candidates of one site, the source's own operation first.

    Left out is what would be the source's own operation again, what differs
    from a smaller convolution only by taps that never touch so small an
    image, and what Keras has no layer for: dilation with strides.

    Args:
        candidates: a search space by name, or candidates separated by commas.
        geometry: of the site.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), (8, 8), 4, 4
    ... )
    >>> list_candidates("conv5x5,conv3x3,identity", geometry)
    ('source', 'conv5x5', 'identity')
    """
    check_candidates(candidates)
    if candidates in SEARCH_SPACES:
        names: tuple[str, ...] = SEARCH_SPACES[candidates][geometry.kind]
    else:
        names = _split(candidates)
    if geometry.strides != (1, 1):
        names = tuple(name for name in names if name != "dilated3x3")
    names = (SOURCE, *names)
    smallest: dict[Any, str] = {}
    for name in sorted(names, key=lambda name: _count_taps(name, geometry)):
        smallest.setdefault(_touch(name, names, geometry), name)
    kept = {SOURCE, *smallest.values()}
    return tuple(name for name in names if name in kept)


def shares_pointwise(names: tuple[str, ...], geometry: Geometry) -> bool:
    """Whether all convolutions but the source's share its pointwise kernel.

    Args:
        names: the candidates of one site.
        geometry: of the site.
    """
    return geometry.kind == "pointwise" and not DENSE_CONVOLUTIONS.keys() & set(
        names
    )


def make_candidate(
    name: str,
    geometry: Geometry,
    use_bias: bool = False,
    seed: int = 0,
    pointwise: Convolution | None = None,
    core: Convolution | None = None,
) -> Candidate:
    """Make one candidate of a site.

    Args:
        name: `source` or a name in `CANDIDATES`.
        geometry: of the site.
        use_bias: whether the source's convolution has a bias.
        seed: of random kernels and of noise.
        pointwise: the 1×1 convolution that separable ones share, if any.
        core: the source's own convolution that larger ones share, if any.
    """
    common: dict[str, Any] = {"geometry": geometry, "name": name}
    if name == "noise":
        return Noise(**common, seed=seed)
    if name in WEIGHT_FREE:
        return WEIGHT_FREE[name](**common)
    kernel_size, dilation = cast(
        tuple[Pair, Pair], _shape_kernel(name, geometry)
    )
    common |= {"kernel_size": kernel_size, "use_bias": use_bias, "seed": seed}
    if name in SEPARABLE_CONVOLUTIONS and geometry.kind != "depthwise":
        return SeparableConvolution(**common, pointwise=pointwise)
    return Convolution(**common, dilation=dilation, core=core)


def _split(candidates: str) -> tuple[str, ...]:
    names = (name.strip() for name in candidates.split(","))
    return tuple(dict.fromkeys(names))


def _count_taps(name: str, geometry: Geometry) -> int:
    """Count the taps of a spatial kernel."""
    shape = _shape_kernel(name, geometry)
    return math.prod(shape[0]) if shape else 0


def _touch(name: str, names: tuple[str, ...], geometry: Geometry) -> Any:
    """Give what tells a candidate from others: the taps that touch the image.

    Args:
        name: the candidate.
        names: all candidates of the site.
        geometry: of the site.
    """
    shape = _shape_kernel(name, geometry)
    if shape is None:
        return name
    separable = name in SEPARABLE_CONVOLUTIONS and geometry.kind != "depthwise"
    if separable and geometry.reduces and shares_pointwise(names, geometry):
        geometry = geometry.behind
    taps = tuple(
        tuple(
            tap * dilation
            for tap in range(-(size // 2), size // 2 + 1)
            if abs(tap * dilation) <= reach
        )
        for size, dilation, reach in zip(*shape, geometry.reach, strict=True)
    )
    return separable and taps != ((0,), (0,)), taps


def _shape_kernel(name: str, geometry: Geometry) -> tuple[Pair, Pair] | None:
    """Give the kernel size and dilation of a convolution, else None.

    A separable convolution is one at depthwise sites only, where nothing of
    it but its depthwise part is left.
    """
    if name == SOURCE:
        return geometry.kernel_size, geometry.dilation
    if name in DENSE_CONVOLUTIONS:
        size, step = DENSE_CONVOLUTIONS[name]
    elif name in SEPARABLE_CONVOLUTIONS:
        size, step = SEPARABLE_CONVOLUTIONS[name], 1
    else:
        return None
    height, width = (
        (1, 1) if 1 in geometry.kernel_size and taps == 1 else (size, step)
        for taps in geometry.kernel_size
    )
    if geometry.kernel_size == (1, 1):
        height = width = (size, step)
    return (height[0], width[0]), (height[1], width[1])
