"""Geometries of convolutions for the tests of layers."""

import itertools

from ntaa_tf.geometry import Geometry
from ntaa_tf.geometry import same_padding
from ntaa_tf.geometry import span

PADDINGS = {
    "valid": ((0, 0), (0, 0)),
    "zeros": ((1, 1), (1, 1)),
    "asymmetric": ((0, 1), (2, 0)),
}


def make_geometry(
    kind="dense",
    kernel=(3, 3),
    stride=1,
    padding="same",
    size=(8, 8),
    dilation=1,
    channels=(4, 4),
):
    extent = span(kernel, (dilation, dilation))
    zeros = PADDINGS.get(padding) or tuple(
        same_padding(size[axis], extent[axis], stride) for axis in (0, 1)
    )
    return Geometry(
        kind,
        kernel,
        (stride, stride),
        (dilation, dilation),
        zeros,
        size,
        *channels,
    )


def list_geometries(every=1):
    """List all kernels × strides × paddings × sizes × dilations × kinds.

    The channel counts take turns.

    Args:
        every: take each n-th geometry only. Each value of each property still
            occurs if this is odd and no multiple of 5.
    """
    return list(itertools.islice(_generate_geometries(), 0, None, every))


def _generate_geometries():
    counts = itertools.cycle([(4, 4), (4, 8), (8, 4), (4, 6), (6, 4)])
    for kernel, stride, padding, size, dilation in itertools.product(
        [(1, 1), (3, 3), (5, 5), (7, 7), (1, 7)],
        [1, 2],
        ["same", "valid", "zeros", "asymmetric"],
        [(8, 8), (9, 8), (2, 3)],
        [1, 2],
    ):
        if dilation > 1 and (stride > 1 or kernel in ((1, 1), (7, 7))):
            continue
        dense = "pointwise" if kernel == (1, 1) else "dense"
        for kind in (dense, "depthwise"):
            channels = (4, 4) if kind == "depthwise" else next(counts)
            geometry = make_geometry(
                kind, kernel, stride, padding, size, dilation, channels
            )
            if min(geometry.output_size) > 0:
                yield geometry
