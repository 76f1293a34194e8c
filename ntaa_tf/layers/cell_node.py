"""A node of a cell: every operation on every edge that leads to it."""

import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from ntaa_tf.geometry import Geometry
from ntaa_tf.layers.candidates import Candidate
from ntaa_tf.layers.cells import FIRST_EDGES
from ntaa_tf.layers.cells import NONE
from ntaa_tf.layers.cells import Cell
from ntaa_tf.layers.cells import list_edges
from ntaa_tf.layers.part_aware import PartAware
from ntaa_tf.layers.stock import DilatedSeparable
from ntaa_tf.layers.stock import FactorizedReduction
from ntaa_tf.layers.stock import InnerAveragePooling
from ntaa_tf.layers.stock import SeparableStack
from ntaa_tf.layers.stock import StockCandidate
from ntaa_tf.layers.weight_free import Identity
from ntaa_tf.layers.weight_free import MaxPooling

CELL_OPERATIONS: dict[str, type[Candidate]] = {
    "part_aware": PartAware,
    "max_pool": MaxPooling,
    "avg_pool": InnerAveragePooling,
    "separable3x3": SeparableStack,
    "dilated_separable3x3": DilatedSeparable,
    "identity": Identity,
}


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CellNode(keras.layers.Layer):
    """A node of a cell: the sum of what its edges make of earlier states.

    y = Σ_edges Σ_t c_t · o_t(x_edge); collapsed, two edges of one operation.

    Args:
        geometries: of a 3×3 convolution in the place of each edge.
        operations: of an edge, `none` among them.
        kind: of the cell: the name of its choice.
        node: which one.

    Source: Liu et al., "DARTS", 2019, equations 1 and 2.
    """

    def __init__(
        self,
        geometries: Sequence[Geometry],
        operations: tuple[str, ...],
        kind: str,
        node: int,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.geometries = tuple(geometries)
        self.operations = tuple(operations)
        self.kind = kind
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
            "kind": self.kind,
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
