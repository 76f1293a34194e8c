"""Searched cells: a choice of all edges at once, and the nodes they lead to."""

import math
from collections.abc import Mapping
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.candidates import Candidate
from ntaa_tf.layers.choice import CERTAIN
from ntaa_tf.layers.choice import Choice
from ntaa_tf.layers.part_aware import PartAware
from ntaa_tf.layers.stock import DilatedSeparable
from ntaa_tf.layers.stock import FactorizedReduction
from ntaa_tf.layers.stock import InnerAveragePooling
from ntaa_tf.layers.stock import SeparableStack
from ntaa_tf.layers.stock import StockCandidate
from ntaa_tf.layers.weight_free import Identity
from ntaa_tf.layers.weight_free import MaxPooling

NODES = 4
INPUTS = 2  # The outputs of the two cells before.
KEPT = 2  # Edges of a node that are kept.
NONE = "none"
CELL_OPERATIONS: dict[str, type[Candidate]] = {
    "part_aware": PartAware,
    "max_pool": MaxPooling,
    "avg_pool": InnerAveragePooling,
    "separable3x3": SeparableStack,
    "dilated_separable3x3": DilatedSeparable,
    "identity": Identity,
}
WEIGHT_FREE = ("max_pool", "avg_pool", "identity")
SMALL = 1e-3  # The deviation of logits at first.

Cell = Mapping[str, str]  # The operations of the edges that are kept.


def name_edge(node: int, state: int) -> str:
    """Name the edge to a node from an input, 0 or 1, or an earlier node."""
    return f"node{node}_from{state}"


def list_edges(node: int) -> list[str]:
    """Name all edges that lead to a node.

    Example:
    >>> list_edges(1)
    ['node1_from0', 'node1_from1', 'node1_from2']
    """
    return [name_edge(node, state) for state in range(node + INPUTS)]


EDGES = [edge for node in range(NODES) for edge in list_edges(node)]
FIRST_EDGES = [EDGES.index(name_edge(node, 0)) for node in range(NODES)]
# A cell that nobody searched: both inputs, convolved, lead to each node.
PLAIN_CELL: Cell = {
    name_edge(node, state): "separable3x3"
    for node in range(NODES)
    for state in range(INPUTS)
}


def check_cell(cell: Cell, operations: Sequence[str]) -> None:
    """Raise a ValueError unless two edges lead to each node.

    Args:
        cell: the operation of each edge, by its name.
        operations: what they may be.
    """
    counts = [len(cell.keys() & set(list_edges(node))) for node in range(NODES)]
    known = set(operations) - {NONE}
    if (
        counts != [KEPT] * NODES
        or not {*cell} <= {*EDGES}
        or (not {*cell.values()} <= known)
    ):
        raise ValueError(
            f"Invalid value for `architecture`. Expected {KEPT} edges to each "
            f"of {NODES} nodes, named as {EDGES[-1]!r} is, with operations of "
            f"{sorted(known)}. Received: {dict(cell)}."
        )


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CellChoice(Choice):
    """The operations of all edges of a cell, shared by all cells of a kind.

    With p the softmax of the logits of each edge, its strength is the largest
    p of an operation but `none`, which stays in the denominator. Of each node
    the two strongest edges are kept, with the strongest operation each; of
    equal ones the first. The coefficients go from p to those of the cell that
    is kept: (1 − ρ) · p + ρ · e_kept. An untrained network has nothing to
    begin at, so that κ is not read.

    Args:
        options: the operations of an edge, `none` among them.
        seed: of the logits at first, which are small and random.

    Source: Liu et al., "DARTS", 2019, section 2.4; Quan et al., "Auto-ReID",
    2019.

    Example:
    >>> choice = CellChoice(("max_pool", "none", "identity"), name="normal")
    >>> choice(np.zeros((1, 8, 8, 3))).shape
    TensorShape([14, 3])
    """

    def __init__(self, options: tuple[str, ...], seed: int = 0, **kwargs: Any):
        kwargs.pop("lead", None)
        super().__init__(tuple(options), lead=0.0, **kwargs)
        self.seed = seed

    def call(self, images: Any) -> Any:
        """Give the coefficients (edges, operations), whatever the images."""
        return self.coefficients()

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Give the shape of the coefficients."""
        return self._logits_shape

    def compute_output_spec(self, images: Any) -> keras.KerasTensor:
        """Give the coefficients' shape and dtype, that of the logits."""
        shape = self.compute_output_shape(images.shape)
        return keras.KerasTensor(shape, self.variable_dtype)

    def coefficients(self) -> Any:
        """Give the weight of each operation of each edge."""
        probabilities = ops.softmax(ops.convert_to_tensor(self.logits))
        kept = ops.one_hot(self._find_winner(), len(self.options))
        return (1 - self.end_pull) * probabilities + self.end_pull * kept

    @property
    def cell(self) -> Cell:
        """The operations of the edges that are kept."""
        winners = ops.convert_to_numpy(self._find_winner())
        operations = (self.options[winner] for winner in winners)
        pairs = zip(EDGES, operations, strict=True)
        return {edge: name for edge, name in pairs if name != NONE}

    @property
    def winner(self) -> str:
        """The cell as text."""
        return format_cell(self.cell)

    @property
    def changed(self) -> bool:
        """Whether the cell is not the plain one."""
        return self.cell != PLAIN_CELL

    def is_weight_free(self, option: str) -> bool:
        """Whether an operation has no weights, where it has no strides."""
        return option in WEIGHT_FREE

    def draw_option(self, rng: np.random.Generator) -> str:
        """Draw a cell uniformly, as text."""
        operations = [name for name in self.options if name != NONE]
        return format_cell(
            {
                name_edge(node, state): str(rng.choice(operations))
                for node in range(NODES)
                for state in sorted(rng.permutation(node + INPUTS)[:KEPT])
            }
        )

    def choose(self, option: str) -> None:
        """Keep a cell, given as text, and end the mixing at it."""
        cell = parse_cell(option)
        check_cell(cell, self.options)
        chosen = [self.options.index(cell.get(edge, NONE)) for edge in EDGES]
        self.logits.assign(CERTAIN * ops.one_hot(chosen, len(self.options)))
        self.settle()

    def settle(self) -> None:
        """End the mixing at the cell that is kept."""
        self.set_pulls(0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {**super().get_config(), "seed": self.seed}

    @property
    def _logits_shape(self) -> tuple[int, ...]:
        return len(EDGES), len(self.options)

    def _initial_logits(self) -> Any:
        return keras.random.normal(
            self._logits_shape, stddev=SMALL, seed=self.seed
        )

    def _find_winner(self) -> Any:
        """Give the index of the operation of each edge, or that of `none`."""
        none = self.options.index(NONE)
        allowed = 1 - ops.one_hot(none, len(self.options))
        probabilities = allowed * ops.softmax(self.logits)
        strengths = ops.max(probabilities, axis=-1)
        strongest = ops.argmax(probabilities, axis=-1)
        winners = []
        for node, first in enumerate(FIRST_EDGES):
            edges = slice(first, first + node + INPUTS)
            _, kept = ops.top_k(strengths[edges], KEPT)
            is_kept = ops.sum(ops.one_hot(kept, node + INPUTS), axis=0) > 0
            winners.append(ops.where(is_kept, strongest[edges], none))
        return ops.concatenate(winners)


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CellNode(keras.layers.Layer):
    """A node of a cell: the sum of what its edges make of earlier states.

    y = Σ_edges Σ_t c_t · o_t(x_edge); collapsed, two edges of one operation.

    Args:
        geometries: of a 3×3 convolution in the place of each edge.
        operations: of an edge, `none` among them.
        cell: the name of the choice, of which this is a node.
        node: which one.

    Source: Liu et al., "DARTS", 2019, equations 1 and 2.
    """

    def __init__(
        self,
        geometries: Sequence[Geometry],
        operations: tuple[str, ...],
        cell: str,
        node: int,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.geometries = tuple(geometries)
        self.operations = tuple(operations)
        self.cell = cell
        self.node = node
        # One after the other, as Keras saves no lists of lists.
        self.candidates = [
            make_operation(name, geometry)
            for geometry in self.geometries
            for name in self._names
        ]

    def build(self, input_shape: Any) -> None:
        """Create the weights of all operations."""
        for index, candidate in enumerate(self.candidates):
            candidate.build(input_shape[1 + index // len(self._names)])

    def call(self, tensors: list, training: bool = False) -> Any:
        """Mix.

        Args:
            tensors: the coefficients of the cell, and the states.
            training: whether the model trains.
        """
        coefficients = ops.cast(tensors[0], self.compute_dtype)
        first = FIRST_EDGES[self.node]
        parts = [
            coefficients[first + edge, self.operations.index(name)]
            * self._find(edge, name)(state, training=training)
            for edge, state in enumerate(tensors[1:])
            for name in self._names
        ]
        return sum(parts[1:], parts[0])

    def compute_output_shape(self, input_shape: Any) -> tuple:
        """Give the shape of the node's state."""
        return self.candidates[0].compute_output_shape(input_shape[1])

    def connect_plainly(self, tensors: list, cell: Cell) -> Any:
        """Apply stock layers that compute the edges that are kept.

        Args:
            tensors: symbolic, as `call` takes them.
            cell: the operations of the edges.
        """
        kept = []
        for state, edge in enumerate(list_edges(self.node)):
            if edge in cell:
                tensor = tensors[1 + state]
                candidate = self._find(state, cell[edge])
                for layer in candidate.plain_layers(f"{self.name}_from{state}"):
                    tensor = layer(tensor)
                kept.append(tensor)
        return keras.layers.Add(name=self.name)(kept)

    def count_activations(self) -> int:
        """Count the numbers of one image that all layers inside write."""
        return sum(
            math.prod(layer.output.shape[1:])
            for candidate in self.candidates
            if isinstance(candidate, StockCandidate)
            for layer in candidate.network.layers
        )

    def get_config(self) -> dict[str, Any]:
        """Give what `from_config` needs."""
        return {
            **super().get_config(),
            "geometries": [g.get_config() for g in self.geometries],
            "operations": self.operations,
            "cell": self.cell,
            "node": self.node,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CellNode":
        """Make a node from its configuration."""
        geometries = [Geometry.from_config(g) for g in config["geometries"]]
        return cls(**{**config, "geometries": geometries})

    @property
    def _names(self) -> list[str]:
        return [name for name in self.operations if name != NONE]

    def _find(self, edge: int, name: str) -> Candidate:
        names = self._names
        return self.candidates[edge * len(names) + names.index(name)]


def make_operation(name: str, geometry: Geometry) -> Candidate:
    """Make an operation of an edge.

    Args:
        name: in `CELL_OPERATIONS`.
        geometry: of a 3×3 convolution in its place.
    """
    kind = CELL_OPERATIONS[name]
    if kind is Identity and geometry.strides != (1, 1):
        kind = FactorizedReduction
    return kind(geometry, name=name)


def format_cell(cell: Cell) -> str:
    """Write a cell as text."""
    return " ".join(f"{edge}:{operation}" for edge, operation in cell.items())


def parse_cell(text: str) -> Cell:
    """Read what `format_cell` wrote."""
    return dict(part.split(":") for part in text.split())
