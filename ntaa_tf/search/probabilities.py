"""How probable each option was, after every epoch of a search."""

from pathlib import Path
from typing import Any

import keras
from keras import ops

from ntaa_tf.layers.cell_choice import CellChoice
from ntaa_tf.layers.cells import EDGES
from ntaa_tf.layers.choice import Choice
from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

DIGITS = 4


class ProbabilityRecorder(keras.callbacks.Callback):
    """Writes p, the softmax of the logits, into a file after every epoch.

    The file is a JSON object of choices, or edges of cells, of options, of
    their p after each epoch. An epoch that is trained again replaces what was
    recorded of it, and of later ones.

    Args:
        path: the file; it is there whole whenever a run is killed.
    """

    def __init__(self, path: Path):
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Add what is probable now to what is recorded."""
        recorded = read_json(self._path) if self._path.exists() else {}
        for choice in self.model.choices:
            for name, probabilities in list_probabilities(choice).items():
                before = recorded.get(name, {})
                recorded[name] = {
                    option: [*before.get(option, [])[:epoch], probability]
                    for option, probability in probabilities.items()
                }
        write_json(self._path, recorded)


def list_probabilities(choice: Choice) -> dict[str, dict[str, float]]:
    """List p of each option: of a choice, or of each edge of a cell.

    Args:
        choice: a choice, built.

    Example:
    >>> choice = Choice(("source", "identity"), lead=0.0, name="conv")
    >>> choice.build(())
    >>> list_probabilities(choice)
    {'conv': {'source': 0.5, 'identity': 0.5}}
    """
    rows = ops.convert_to_numpy(ops.softmax(choice.logits))
    names = [choice.name]
    if isinstance(choice, CellChoice):
        names = [f"{choice.name}_{edge}" for edge in EDGES]
    return {
        name: {
            option: round(float(probability), DIGITS)
            for option, probability in zip(choice.options, row, strict=True)
        }
        for name, row in zip(names, rows.reshape(len(names), -1), strict=True)
    }
