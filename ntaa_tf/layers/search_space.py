"""Search spaces by name, and the candidates for each site."""

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

# Kernel size in taps and dilation in pixels of each dense convolution.
DENSE_CONVOLUTIONS = {
    "conv5x5": (5, 1),
    "conv3x3": (3, 1),
    "conv1x1": (1, 1),
    "dilated3x3": (3, 2),
}
# Size of the depthwise kernel of each separable convolution, in taps.
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

# Candidates by search space and kind of site. Separable convolutions stand in
# for dense ones at pointwise sites: a dense 5×5 kernel would cost 25 times the
# source's 1×1 kernel. `ntaa_dense` is the paper's space to the letter.
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
    """Check that all names in `candidates` are known.

    Args:
        candidates: name of a search space, or comma-separated candidates.

    Raises:
        ValueError: if a name is unknown.
    """
    if candidates in SEARCH_SPACES:
        return
    names = _split(candidates)
    unknown = [name for name in names if name not in CANDIDATES]
    if unknown:
        raise ValueError(
            f"Unknown names in `candidates`: {unknown}. Use one of the search "
            f"spaces {list(SEARCH_SPACES)}, or a comma-separated list of "
            f"{list(CANDIDATES)}. Received: {candidates!r}."
        )


def list_candidates(candidates: str, geometry: Geometry) -> tuple[str, ...]:
    """List the candidates of one site, the source's own operation first.

    Three kinds of candidates are left out: repetitions of the source's own
    operation; convolutions that differ from a smaller one only by taps outside
    a small image; and dilated convolutions at sites with strides, which no
    Keras layer computes.

    Args:
        candidates: name of a search space, or comma-separated candidates.
        geometry: geometry of the source's convolution.

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
    # Of the convolutions with the same effective taps, keep the one with the
    # fewest taps. Sorting is stable, so the source, which comes first, wins
    # against a candidate of its own size. It is kept in any case.
    smallest: dict[Any, str] = {}
    for name in sorted(names, key=lambda name: _count_taps(name, geometry)):
        smallest.setdefault(_effective_taps(name, names, geometry), name)
    kept = {SOURCE, *smallest.values()}
    return tuple(name for name in names if name in kept)


def shares_pointwise(names: tuple[str, ...], geometry: Geometry) -> bool:
    """Return whether the site's convolutions share the source's 1×1 kernel.

    True at pointwise sites where all other convolutions are separable.

    Args:
        names: names of the site's candidates.
        geometry: geometry of the source's convolution.
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
    """Build one candidate of a site.

    Args:
        name: `source` or a name in `CANDIDATES`.
        geometry: geometry of the source's convolution.
        use_bias: whether the source's convolution has a bias.
        seed: seed of random kernels and of noise.
        pointwise: the 1×1 convolution that a separable one shares, if any.
        core: the source's convolution that a larger one nests, if any.
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
    """Count the taps of a convolution's kernel; 0 without a kernel."""
    shape = _shape_kernel(name, geometry)
    return math.prod(shape[0]) if shape else 0


def _effective_taps(
    name: str, names: tuple[str, ...], geometry: Geometry
) -> Any:
    """Return a key that is equal for candidates with the same outputs.

    The key of a convolution is the set of its taps that touch the image. The
    key of any other candidate is its name.

    Args:
        name: name of the candidate.
        names: names of all candidates of the site.
        geometry: geometry of the source's convolution.
    """
    shape = _shape_kernel(name, geometry)
    if shape is None:
        return name
    separable = name in SEPARABLE_CONVOLUTIONS and geometry.kind != "depthwise"
    if separable and geometry.reduces and shares_pointwise(names, geometry):
        # The depthwise kernel comes last and touches the outputs instead.
        geometry = geometry.behind
    # Offsets of the taps from the centre in each axis, in pixels.
    taps = tuple(
        tuple(
            tap * dilation
            for tap in range(-(size // 2), size // 2 + 1)
            if abs(tap * dilation) <= reach
        )
        for size, dilation, reach in zip(*shape, geometry.reach, strict=True)
    )
    # A separable convolution with its centre tap only is a 1×1 convolution.
    return separable and taps != ((0,), (0,)), taps


def _shape_kernel(name: str, geometry: Geometry) -> tuple[Pair, Pair] | None:
    """Return kernel size and dilation of a convolution, or None.

    For a separable convolution, they are those of its depthwise kernel.
    """
    if name == SOURCE:
        return geometry.kernel_size, geometry.dilation
    if name in DENSE_CONVOLUTIONS:
        size, step = DENSE_CONVOLUTIONS[name]
    elif name in SEPARABLE_CONVOLUTIONS:
        size, step = SEPARABLE_CONVOLUTIONS[name], 1
    else:
        return None
    # Keep the orientation of a 1×7 source: its candidates are 1×5 and 1×3. A
    # 1×1 source has no orientation, so its candidates are square.
    height, width = (
        (1, 1) if 1 in geometry.kernel_size and taps == 1 else (size, step)
        for taps in geometry.kernel_size
    )
    if geometry.kernel_size == (1, 1):
        height = width = (size, step)
    return (height[0], width[0]), (height[1], width[1])
