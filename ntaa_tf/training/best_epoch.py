"""Weights of the epoch with the best score, kept in the run directory."""

import zipfile
from collections.abc import Iterator
from collections.abc import Mapping
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf.distribute import agree
from ntaa_tf.storage.files import find_reason
from ntaa_tf.storage.files import write_atomically

FILES = "best-*.npz"  # The star is the number of the epoch, from 1.
# Checkpoints from which a killed training may go on.
CHECKPOINTS = 2


def find_best(scores: Sequence[float]) -> int:
    """Find the epoch with the highest score.

    Of equal epochs it is the last, which has learnt longer and at a lower
    learning rate. An undefined score counts as the lowest.

    Args:
        scores: score after each epoch.

    Returns:
        Number of the epoch, from 1.

    Example:
    >>> find_best([0.5, 0.8, 0.8, 0.7])
    3
    """
    values = np.nan_to_num(np.asarray(scores, "float64"), nan=-np.inf)
    return len(values) - int(values[::-1].argmax())


class BestEpoch(keras.callbacks.Callback):
    """Callback that keeps the weights of the epoch with the best score.

    A file is written before the checkpoint of its epoch, and removed only when
    no checkpoint may need it any more. So a training that was killed at any
    moment finds the weights of its best epoch.

    Args:
        directory: directory of the files.
        score: name of the score in the logs; more is better.
        history: values of the earlier epochs by name, which the training
            extends after this callback.
    """

    def __init__(
        self,
        directory: Path,
        score: str,
        history: Mapping[str, Sequence[float]],
    ):
        super().__init__()
        self._directory = directory
        self._score = score
        self._history = history

    def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
        """Write the weights if the epoch is the best one so far."""
        # Rounding may differ between workers; the epoch that they keep must
        # not.
        logs[self._score] = agree(float(logs[self._score]))
        scores = [*self._history.get(self._score, ()), logs[self._score]]
        if find_best(scores) == len(scores):
            with write_atomically(self._find(len(scores))) as unfinished:
                np.savez(unfinished, *self.model.get_weights())
        for file in self._list_unneeded(scores):
            file.unlink()

    def restore(self, model: keras.Model) -> int:
        """Set the weights of a model to those of its best epoch.

        Args:
            model: model after the last epoch.

        Returns:
            Number of the epoch, from 1.

        Raises:
            ValueError: if the file is missing, damaged or of another model.
        """
        best = find_best(self._history[self._score])
        file = self._find(best)
        try:
            with np.load(file, allow_pickle=False) as weights:
                model.set_weights([weights[name] for name in weights.files])
        except (EOFError, OSError, ValueError, zipfile.BadZipFile) as error:
            raise ValueError(
                f"{file} can't be read ({find_reason(error)}). Delete "
                f"{self._directory} to train this stage again."
            ) from error
        return best

    def _find(self, epoch: int) -> Path:
        return self._directory / FILES.replace("*", str(epoch))

    def _list_unneeded(self, scores: Sequence[float]) -> Iterator[Path]:
        """List the files that are best after none of the last epochs."""
        last = range(max(len(scores) - CHECKPOINTS, 1), len(scores) + 1)
        needed = {self._find(find_best(scores[:count])) for count in last}
        for file in self._directory.glob(FILES):
            if file not in needed:
                yield file
