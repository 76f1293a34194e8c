"""Segments of a graph, cut where few activations are live."""

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras

from ntaa_tf.graph.walk import Call
from ntaa_tf.graph.walk import list_calls

MOST_SEGMENTS = 40


@dataclass(frozen=True)
class Segment:
    """Consecutive calls of a graph.

    Args:
        calls: the calls, in the order of execution.
        reads: symbolic tensors from earlier segments.
        writes: symbolic tensors that later segments, or the outputs of the
            model, need.
    """

    calls: tuple[Call, ...]
    reads: tuple
    writes: tuple

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of the segment's layers, without duplicates."""
        found = {
            id(variable): variable
            for call in self.calls
            for variable in getattr(call.operation, "variables", [])
        }
        return list(found.values())


def cut_segments(model: keras.Model, saved: Sequence[int]) -> list[Segment]:
    """Cut a graph into the segments whose recomputation needs least memory.

    Rematerialisation keeps the tensors that cross a cut. The backward pass
    recomputes one segment at a time, and then holds all saved activations of
    this segment. So the memory of a set of cuts is

        Σ (numbers in crossing tensors) + max over segments Σ saved.

    Cuts for 1 to `MOST_SEGMENTS` segments are tried; the cheapest win.

    Args:
        model: a functional model.
        saved: for each call of `list_calls`, how many numbers of one image
            its backward pass needs.
    """
    calls = list_calls(model)
    live = _find_live(calls, model.outputs)
    most = min(MOST_SEGMENTS, len(calls))
    choices = (
        _cut(live, saved, sum(saved) / count) for count in range(1, most + 1)
    )
    ends = min(choices, key=lambda ends: _measure(ends, live, saved))
    starts = [0, *(end + 1 for end in ends[:-1])]
    segments = (
        _make_segment(calls[start : end + 1], live[end])
        for start, end in zip(starts, ends, strict=True)
    )
    # A segment of InputLayers alone writes nothing.
    return [segment for segment in segments if segment.writes]


def count_crossing(segments: Sequence[Segment]) -> int:
    """Count the numbers of one image in all tensors that cross a cut."""
    crossing = (tensor for s in segments[:-1] for tensor in s.writes)
    return sum(map(_count, crossing))


def _find_live(
    calls: Sequence[Call], outputs: Sequence[Any]
) -> list[dict[int, Any]]:
    """Find the live tensors after each call, by id.

    A tensor is live from the call that writes it until the last call that
    reads it. Outputs of the model stay live.
    """
    last_read = {
        id(tensor): call.index for call in calls for tensor in call.inputs
    }
    last_read |= {id(tensor): len(calls) for tensor in outputs}
    live: list[dict[int, Any]] = []
    now: dict[int, Any] = {}
    for call in calls:
        written = {id(tensor): tensor for tensor in call.outputs}
        now = {
            key: tensor
            for key, tensor in (now | written).items()
            if last_read.get(key, -1) > call.index
        }
        live.append(now)
    return live


def _cut(
    live: Sequence[dict[int, Any]], saved: Sequence[int], most: float
) -> list[int]:
    """Cut greedily into segments of at most `most` saved numbers.

    Each segment is extended up to the limit, then shortened to its cheapest
    cut, with the fewest live numbers. A call over the limit is a segment of
    its own.

    Returns:
        The index of the last call of each segment.
    """
    sizes = [sum(map(_count, tensors.values())) for tensors in live]
    ends: list[int] = []
    start = 0
    while start < len(saved):
        sums = itertools.accumulate(saved[start:])
        length = max(1, sum(1 for total in sums if total <= most))
        if start + length == len(saved):
            return [*ends, len(saved) - 1]
        # Backwards, so that the longest segment wins among equal cuts.
        reach = range(start + length - 1, start - 1, -1)
        ends.append(min(reach, key=lambda index: sizes[index]))
        start = ends[-1] + 1
    return ends


def _measure(
    ends: Sequence[int], live: Sequence[dict[int, Any]], saved: Sequence[int]
) -> int:
    """Measure the memory of a set of cuts, in numbers of one image."""
    # By id: a tensor that crosses several cuts is kept once.
    crossing = {
        key: tensor for end in ends[:-1] for key, tensor in live[end].items()
    }
    sums = [0, *itertools.accumulate(saved)]
    borders = [0, *(end + 1 for end in ends)]
    largest = max(
        sums[end] - sums[start] for start, end in itertools.pairwise(borders)
    )
    return largest + sum(map(_count, crossing.values()))


def _make_segment(calls: Sequence[Call], live_after: dict[int, Any]) -> Segment:
    # Tensors of InputLayers are read from outside, wherever the cuts are.
    made = {
        id(tensor) for call in calls if call.inputs for tensor in call.outputs
    }
    read = {
        id(tensor): tensor
        for call in calls
        for tensor in call.inputs
        if id(tensor) not in made
    }
    writes = [tensor for key, tensor in live_after.items() if key in made]
    return Segment(tuple(calls), tuple(read.values()), tuple(writes))


def _count(tensor: Any) -> int:
    """Count the numbers of one image in a symbolic tensor.

    An unknown size counts as 1.
    """
    return math.prod(size or 1 for size in tensor.shape[1:])
