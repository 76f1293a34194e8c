"""Node of a cell: the weighted sum of all operations on all its edges."""

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

# Operations of an edge by name. `none` is not among them: it computes nothing.
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
    """Node of a cell: y = Σ_edges Σ_t c_edge,t · o_t(x_edge).

    The coefficients c are an input of the node, as all cells of a kind share
    those of one `CellChoice`. In the adapted model a node is the sum of its
    two kept edges.

    Args:
        geometries: for each edge, the geometry of a 3×3 convolution there.
        operations: names of the operations of an edge, `none` among them.
        kind: kind of the cell: the name of its `CellChoice`.
        node: index of the node in the cell.

    Call arguments:
        tensors: list of the coefficients and the states, which are the inputs
            of the cell and the outputs of its earlier nodes.
        training: whether the model trains.

    Input shape:
        A list of `(edges, operations)` for the coefficients, and of
        `(batch, height, width, channels)` for each state.

    Output shape:
        `(batch, rows, columns, channels)`, the output shape of each geometry.

    Source: Liu et al., "DARTS", 2019, equations 1 and 2.

    Example:
    >>> geometry = Geometry(
    ...     "dense", (3, 3), (1, 1), (1, 1), ((1, 1), (1, 1)), (8, 8), 4, 4
    ... )
    >>> operations = ("max_pool", "identity", "none")
    >>> node = CellNode([geometry, geometry], operations, "normal", node=0)
    >>> state = np.ones((2, 8, 8, 4))
    >>> print(node([np.ones((14, 3)), state, state]).shape)
    (2, 8, 8, 4)
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
        # A flat list, edge by edge: Keras doesn't save lists of lists.
        self.candidates = [
            make_operation(name, geometry)
            for geometry in self.geometries
            for name in self._names
        ]

    def build(self, input_shape: Any) -> None:
        """Create the weights of all operations on all edges."""
        for index, candidate in enumerate(self.candidates):
            candidate.build(input_shape[1 + index // len(self._names)])

    def call(self, tensors: list, training: bool = False) -> Any:
        """Compute the weighted sum of all operations on all edges."""
        # Rows of the coefficients are the edges of all nodes. Those of this
        # node are consecutive, from `first`.
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
        """Return the shape of the node's output."""
        return self.candidates[0].compute_output_shape(input_shape[1])

    def connect_plainly(self, tensors: list, cell: Cell) -> Any:
        """Apply stock layers, with weights, that compute the kept edges.

        Args:
            tensors: symbolic tensors in the order of `call`. The first one is
                not used.
            cell: operation of each kept edge.

        Returns:
            The symbolic output of the node.
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
        """Count the activations of all inner layers for one image."""
        return sum(
            math.prod(layer.output.shape[1:])
            for candidate in self.candidates
            if isinstance(candidate, StockCandidate)
            for layer in candidate.network.layers
        )

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        return {
            **super().get_config(),
            "geometries": [g.get_config() for g in self.geometries],
            "operations": self.operations,
            "kind": self.kind,
            "node": self.node,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> "CellNode":
        """Build a node from its configuration."""
        geometries = [Geometry.from_config(g) for g in config["geometries"]]
        return cls(**{**config, "geometries": geometries})

    @property
    def _names(self) -> list[str]:
        """Names of the operations that compute something."""
        return [name for name in self.operations if name != NONE]

    def _find(self, edge: int, name: str) -> Candidate:
        names = self._names
        return self.candidates[edge * len(names) + names.index(name)]


def make_operation(name: str, geometry: Geometry) -> Candidate:
    """Build the operation of an edge.

    Args:
        name: name in `CELL_OPERATIONS`.
        geometry: geometry of a 3×3 convolution on this edge.
    """
    kind = CELL_OPERATIONS[name]
    if kind is Identity and geometry.strides != (1, 1):
        kind = FactorizedReduction
    return kind(geometry, name=name)
