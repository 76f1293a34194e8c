"""The choice of all edges of a cell at once, shared by cells of a kind."""

from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.layers.cells import EDGES
from ntaa_tf.layers.cells import FIRST_EDGES
from ntaa_tf.layers.cells import INPUTS
from ntaa_tf.layers.cells import KEPT
from ntaa_tf.layers.cells import NODES
from ntaa_tf.layers.cells import NONE
from ntaa_tf.layers.cells import PLAIN_CELL
from ntaa_tf.layers.cells import Cell
from ntaa_tf.layers.cells import check_cell
from ntaa_tf.layers.cells import format_cell
from ntaa_tf.layers.cells import name_edge
from ntaa_tf.layers.cells import parse_cell
from ntaa_tf.layers.choice import CERTAIN
from ntaa_tf.layers.choice import Choice

# Where they have no strides.
WEIGHT_FREE = ("max_pool", "avg_pool", "identity")
SMALL = 1e-3  # The deviation of logits at first.


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
        config = {**super().get_config(), "seed": self.seed}
        del config["lead"]
        return config

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
