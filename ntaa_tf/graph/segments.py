"""Cutting the calls of a graph into stretches, where little is alive."""

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
    """A stretch of the calls of a graph.

    Args:
        calls: in the order they run.
        reads: the symbolic tensors that come from before.
        writes: those that are needed behind it.
    """

    calls: tuple[Call, ...]
    reads: tuple
    writes: tuple

    @property
    def variables(self) -> list[keras.Variable]:
        """The variables of its layers, each once."""
        found = {
            id(variable): variable
            for call in self.calls
            for variable in getattr(call.operation, "variables", [])
        }
        return list(found.values())


def cut_segments(model: keras.Model, held: Sequence[int]) -> list[Segment]:
    """Cut a graph so that recomputing it stretch by stretch holds least.

    What is held is what crosses the cuts, and the whole of the stretch that
    is recomputed at the time.

    Args:
        model: a functional model.
        held: for each call, as `list_calls` gives them, the numbers that its
            backward pass needs of one image.
    """
    calls = list_calls(model)
    alive = _find_alive(calls, model.outputs)
    most = min(MOST_SEGMENTS, len(calls))
    choices = (
        _cut(alive, held, sum(held) / count) for count in range(1, most + 1)
    )
    ends = min(choices, key=lambda ends: _measure(ends, alive, held))
    starts = [0, *(end + 1 for end in ends[:-1])]
    segments = (
        _make_segment(calls[start : end + 1], alive[end])
        for start, end in zip(starts, ends, strict=True)
    )
    # One of inputs alone writes nothing.
    return [segment for segment in segments if segment.writes]


def count_crossing(segments: Sequence[Segment]) -> int:
    """Count the numbers, of one image, that cross any cut."""
    crossing = (tensor for s in segments[:-1] for tensor in s.writes)
    return sum(map(_count, crossing))


def _find_alive(
    calls: Sequence[Call], outputs: Sequence[Any]
) -> list[dict[int, Any]]:
    """Find what is needed behind each call and made up to it, by its id."""
    last_read = {
        id(tensor): call.index for call in calls for tensor in call.inputs
    }
    last_read |= {id(tensor): len(calls) for tensor in outputs}
    alive: list[dict[int, Any]] = []
    now: dict[int, Any] = {}
    for call in calls:
        made = {id(tensor): tensor for tensor in call.outputs}
        now = {
            key: tensor
            for key, tensor in (now | made).items()
            if last_read.get(key, -1) > call.index
        }
        alive.append(now)
    return alive


def _cut(
    alive: Sequence[dict[int, Any]], held: Sequence[int], most: float
) -> list[int]:
    """Give the last call of each segment; each holds about `most` at most."""
    sizes = [sum(map(_count, tensors.values())) for tensors in alive]
    ends: list[int] = []
    start = 0
    while start < len(held):
        sums = itertools.accumulate(held[start:])
        length = max(1, sum(1 for total in sums if total <= most))
        if start + length == len(held):
            return [*ends, len(held) - 1]
        # Of equal cuts the last.
        reach = range(start + length - 1, start - 1, -1)
        ends.append(min(reach, key=lambda index: sizes[index]))
        start = ends[-1] + 1
    return ends


def _measure(
    ends: Sequence[int], alive: Sequence[dict[int, Any]], held: Sequence[int]
) -> int:
    """Measure what cuts behind these calls hold."""
    crossing = {
        key: tensor for end in ends[:-1] for key, tensor in alive[end].items()
    }
    sums = [0, *itertools.accumulate(held)]
    borders = [0, *(end + 1 for end in ends)]
    largest = max(
        sums[end] - sums[start] for start, end in itertools.pairwise(borders)
    )
    return largest + sum(map(_count, crossing.values()))


def _make_segment(
    calls: Sequence[Call], alive_behind: dict[int, Any]
) -> Segment:
    made = {
        id(tensor) for call in calls if call.inputs for tensor in call.outputs
    }
    read = {
        id(tensor): tensor
        for call in calls
        for tensor in call.inputs
        if id(tensor) not in made
    }
    writes = [tensor for key, tensor in alive_behind.items() if key in made]
    return Segment(tuple(calls), tuple(read.values()), tuple(writes))


def _count(tensor: Any) -> int:
    """Count the numbers of one image in a symbolic tensor."""
    return math.prod(size or 1 for size in tensor.shape[1:])
