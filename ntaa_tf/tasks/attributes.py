"""Attributes: several labels for an image, of which some may be missing."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.data import attributes
from ntaa_tf.data import image_batches
from ntaa_tf.graph.free_names import find_free_name
from ntaa_tf.image_size import Size
from ntaa_tf.losses import KnownCrossEntropy
from ntaa_tf.metrics import KnownAccuracy
from ntaa_tf.metrics import count_confusions

NEIGHBOURS = 1  # How many classes off is nearly right.
NOTHING_KNOWN, _ = attributes.tabulate([], [])


@dataclass(frozen=True)
class Attributes:
    """A classifier for each attribute, judged by their mean accuracy.

    Args:
        table: what the labels of the data set mean; needed for all but to open
            and prepare it.
        target: the attributes to learn, separated by commas; all when None.
        ordinal: those whose classes have an order, separated by commas.
        fold: of a data set in folds, the one that is tested on.
    """

    table: attributes.AttributeTable = NOTHING_KNOWN
    target: str | None = None
    ordinal: str | None = None
    fold: int = 0

    score = "accuracy"
    images_per_class = None
    architecture_loss = None
    answers_untrained = False
    crops = True

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the attributes."""
        return self.table.names

    @property
    def conditions(self) -> dict[str, Any]:
        """Nothing: accuracy is measured in one way."""
        return {}

    def open(self, name: str, data_dir: str | None) -> attributes.RawAttributes:
        """Open a folder with a table of labels, or Adience."""
        return attributes.open_attributes(
            name, data_dir, self.target, self.ordinal, self.fold
        )

    def join_domains(self, *_: Any, **__: Any) -> Any:
        """Raise a ValueError: attributes of two data sets are not joined."""
        raise ValueError(
            "Invalid value for `source_dataset`. Expected None with "
            "--task=attributes."
        )

    def prepare(
        self, raw: attributes.RawAttributes, image_size: Size, **choices: Any
    ) -> attributes.AttributeDataset:
        """Split and decode it."""
        return attributes.prepare_attributes(raw, image_size, **choices)

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put a linear classifier for each attribute on a feature map."""
        del num_classes  # Of labels, which are rows of the table.
        return attach_classifiers(features, self.table.attributes, seed)

    def make_targets(self, labels: Any) -> Any:
        """Give for each attribute its one-hot classes, zeros where missing."""
        columns = range(len(self.table.attributes))
        return tuple(
            ops.matmul(labels, self.table.encode(column)) for column in columns
        )

    def compile_options(self) -> dict[str, Any]:
        """Give the losses and the metrics."""
        return {
            "loss": [KnownCrossEntropy() for _ in self.table.attributes],
            "metrics": [[KnownAccuracy()] for _ in self.table.attributes],
        }

    def validation_batches(self, *_: Any) -> None:
        """Give nothing: attributes are validated by their accuracy alone."""
        return

    def list_images(self, split: Any) -> np.ndarray:
        """Give all images."""
        images: np.ndarray = split.images
        return images

    def predict(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> list[np.ndarray]:
        """Give the logits of each attribute."""
        batches = image_batches(split.images, batch_size)
        logits: list[np.ndarray] = keras.tree.flatten(
            model.predict(batches, verbose=0)
        )
        return logits

    def measure(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> dict[str, float]:
        """Measure the accuracy of each attribute, and their mean first."""
        return self.measure_fully(self.predict(model, split, batch_size), split)

    def measure_fully(
        self, logits: list[np.ndarray], split: Any
    ) -> dict[str, float]:
        """Measure it, and of ordinal ones how many are at most a class off.

        Images count for an attribute where they have a label of it.
        """
        measured = {}
        for column, attribute in enumerate(self.table.attributes):
            classes = self.table.rows[split.labels, column]
            is_known = classes != attributes.MISSING
            off = np.abs(logits[column].argmax(-1) - classes)[is_known]
            name = attribute.name
            measured[f"{name}_accuracy"] = _share(off == 0)
            if attribute.is_ordinal:
                measured[f"{name}_one_off"] = _share(off <= NEIGHBOURS)
        exact = [measured[f"{name}_accuracy"] for name in self.table.names]
        return {"accuracy": float(np.mean(exact)), **measured}

    def find_answers(self, *_: Any) -> None:
        """Give nothing: there is nothing to be found."""
        return

    def confuse(
        self,
        logits: list[np.ndarray],
        dataset: attributes.AttributeDataset,
    ) -> dict[str, Any]:
        """Count it for each attribute, where images have a label of it."""
        confusions = {}
        for column, attribute in enumerate(self.table.attributes):
            truth = self.table.rows[dataset.test.labels, column]
            is_known = truth != attributes.MISSING
            confusions[attribute.name] = count_confusions(
                attribute.classes,
                truth[is_known],
                logits[column].argmax(-1)[is_known],
            )
        return confusions

    def finish(self, model: keras.Model) -> keras.Model:
        """Give the model as it is."""
        return model


def attach_classifiers(
    features: keras.Model,
    of: tuple[attributes.Attribute, ...],
    seed: int = 0,
) -> keras.Model:
    """Put a linear classifier for each attribute on a feature map.

    Args:
        features: a model from images to maps (batch, height, width, channels).
        of: the attributes, whose names the classifiers get.
        seed: of their kernels.

    Returns:
        A model from images to logits (batch, classes) of each attribute.

    Example:
    >>> images = keras.Input((8, 8, 3))
    >>> features = keras.Model(images, keras.layers.Conv2D(6, 1)(images))
    >>> shown = attributes.Attribute("gender", ("m", "f"))
    >>> attach_classifiers(features, (shown,)).output_names
    ['gender']
    """
    taken = {operation.name for operation in features.operations}
    pooled = keras.layers.GlobalAveragePooling2D(
        name=find_free_name("global_pooling", taken)
    )(features.output)
    logits = [
        keras.layers.Dense(
            len(attribute.classes),
            kernel_initializer=keras.initializers.GlorotUniform(seed + number),
            name=find_free_name(attribute.name, taken),
        )(pooled)
        for number, attribute in enumerate(of)
    ]
    return keras.Model(features.input, logits, name=features.name)


def _share(is_right: np.ndarray) -> float:
    return float(np.mean(is_right)) if len(is_right) else float("nan")
