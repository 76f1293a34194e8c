"""Records of each option's probability after every epoch of a search."""

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
    """Writes p, the softmax of the logits, to a file after every epoch.

    The file is a nested JSON object: the name of a choice (or of an edge of a
    cell), the name of an option, the list of its p after each epoch. An epoch
    that is trained again replaces its record and those of later epochs.

    Args:
        path: the file, written atomically.
    """

    def __init__(self, path: Path):
        super().__init__()
        self._path = path

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Append the present probabilities to the file."""
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
    """Return p of each option, for a choice or for each edge of a cell.

    Args:
        choice: a built choice.

    Returns:
        The rounded probabilities by option, by the name of the choice or edge.

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
