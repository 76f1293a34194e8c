"""Choice of the operations of a cell, shared by all cells of a kind."""

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
from ntaa_tf.layers.choice import CERTAIN_LOGIT
from ntaa_tf.layers.choice import Choice

# Operations without weights at stride 1. A strided identity has weights.
WEIGHT_FREE = ("max_pool", "avg_pool", "identity")
LOGIT_DEVIATION = 1e-3  # Standard deviation of the initial logits.


@keras.saving.register_keras_serializable(package="ntaa_tf")
class CellChoice(Choice):
    """Operations of all edges of a cell, shared by all cells of a kind.

    With p the softmax over the operations of each edge, the strength of an
    edge is its largest p, leaving out `none`. Each node keeps its two
    strongest edges, each with its strongest operation; of equal ones the
    first. The other edges become `none`.

    The coefficients move from p to the one-hot vectors of the kept cell:
    c = (1 − ρ) · p + ρ · e_kept. The start pull κ is ignored: a network that
    is trained from scratch has no source to start from.

    Args:
        options: names of the operations of an edge, `none` among them.
        seed: seed of the initial logits, which are small and random.

    Call arguments:
        images: any tensor. The values are ignored; the input only puts the
            layer into a graph.

    Input shape:
        Any.

    Output shape:
        `(edges, operations)`, without a batch axis.

    Source: Liu et al., "DARTS", 2019, section 2.4; Quan et al., "Auto-ReID",
    2019.

    Example:
    >>> choice = CellChoice(("max_pool", "none", "identity"), name="normal")
    >>> print(choice(np.zeros((1, 8, 8, 3))).shape)
    (14, 3)
    """

    def __init__(self, options: tuple[str, ...], seed: int = 0, **kwargs: Any):
        super().__init__(tuple(options), lead=0.0, **kwargs)
        self.seed = seed

    def call(self, images: Any) -> Any:
        """Return the coefficients (edges, operations)."""
        return self.coefficients()

    def compute_output_shape(self, input_shape: tuple) -> tuple:
        """Return the shape of the coefficients."""
        return self._logits_shape

    def compute_output_spec(self, images: Any) -> keras.KerasTensor:
        """Return shape and dtype of the coefficients, for symbolic calls."""
        shape = self.compute_output_shape(images.shape)
        return keras.KerasTensor(shape, self.variable_dtype)

    def coefficients(self) -> Any:
        """Compute the coefficients (edges, operations)."""
        probabilities = ops.softmax(ops.convert_to_tensor(self.logits))
        kept = ops.one_hot(self._find_winner(), len(self.options))
        return (1 - self.end_pull) * probabilities + self.end_pull * kept

    @property
    def cell(self) -> Cell:
        """Operation of each kept edge."""
        winners = ops.convert_to_numpy(self._find_winner())
        operations = (self.options[winner] for winner in winners)
        pairs = zip(EDGES, operations, strict=True)
        return {edge: name for edge, name in pairs if name != NONE}

    @property
    def winner(self) -> str:
        """Kept cell as text."""
        return format_cell(self.cell)

    @property
    def changed(self) -> bool:
        """Whether the kept cell differs from the plain cell."""
        return self.cell != PLAIN_CELL

    def is_weight_free(self, option: str) -> bool:
        """Return whether an operation has no weights at stride 1."""
        return option in WEIGHT_FREE

    def draw_option(self, rng: np.random.Generator) -> str:
        """Draw a cell uniformly and return it as text."""
        operations = [name for name in self.options if name != NONE]
        return format_cell(
            {
                name_edge(node, state): str(rng.choice(operations))
                for node in range(NODES)
                for state in sorted(rng.permutation(node + INPUTS)[:KEPT])
            }
        )

    def choose(self, option: str) -> None:
        """Set the kept cell and end the mixing there.

        Args:
            option: cell as text, see `format_cell`.

        Raises:
            ValueError: if the text is not a cell of these operations.
        """
        cell = parse_cell(option)
        check_cell(cell, self.options)
        chosen = [self.options.index(cell.get(edge, NONE)) for edge in EDGES]
        self.logits.assign(
            CERTAIN_LOGIT * ops.one_hot(chosen, len(self.options))
        )
        self.settle()

    def settle(self) -> None:
        """End the mixing at the kept cell."""
        self.set_pulls(0.0, 1.0)

    def get_config(self) -> dict[str, Any]:
        """Return the configuration for `from_config`."""
        config = {**super().get_config(), "seed": self.seed}
        del config["lead"]
        return config

    @property
    def _logits_shape(self) -> tuple[int, ...]:
        return len(EDGES), len(self.options)

    def _initial_logits(self) -> Any:
        """Return small random logits, which break ties between edges."""
        return keras.random.normal(
            self._logits_shape, stddev=LOGIT_DEVIATION, seed=self.seed
        )

    def _find_winner(self) -> Any:
        """Return the operation's index of each edge; `none` if not kept."""
        # `none` can't win, but its logit stays in the softmax: an edge with a
        # strong `none` is weak in all other operations.
        none = self.options.index(NONE)
        allowed = 1 - ops.one_hot(none, len(self.options))
        probabilities = allowed * ops.softmax(self.logits)
        strengths = ops.max(probabilities, axis=-1)
        strongest = ops.argmax(probabilities, axis=-1)
        winners = []
        # Edges compete within their node only. EDGES lists them in a row.
        for node, first in enumerate(FIRST_EDGES):
            edges = slice(first, first + node + INPUTS)
            _, kept = ops.top_k(strengths[edges], KEPT)
            is_kept = ops.sum(ops.one_hot(kept, node + INPUTS), axis=0) > 0
            winners.append(ops.where(is_kept, strongest[edges], none))
        return ops.concatenate(winners)
