"""Attributes: several labels of each image, some of which may be missing."""

from dataclasses import dataclass
from typing import Any

import keras
import numpy as np
from keras import ops

from ntaa_tf.data import balance_classes
from ntaa_tf.data import image_batches
from ntaa_tf.data.attributes import MISSING
from ntaa_tf.data.attributes import Attribute
from ntaa_tf.data.attributes import AttributeDataset
from ntaa_tf.data.attributes import AttributeTable
from ntaa_tf.graph.free_names import find_free_name
from ntaa_tf.losses import KnownCrossEntropy
from ntaa_tf.losses import compare_logits
from ntaa_tf.metrics import KnownAccuracy
from ntaa_tf.metrics import choose_mistakes
from ntaa_tf.metrics import count_confusions
from ntaa_tf.metrics import find_mistakes
from ntaa_tf.tasks.task import MOST_MISTAKES
from ntaa_tf.tasks.task import ExampleScores
from ntaa_tf.tasks.task import Illustration

ONE_OFF = 1  # Largest distance in classes of a prediction that is one off.


@dataclass(frozen=True)
class AttributesTask:
    """A classifier for each attribute, measured by the mean accuracy.

    The data set has one label for each image: a row of the table, which holds
    the class of every attribute.

    Args:
        table: table of the attributes and their classes.
    """

    table: AttributeTable

    score = "accuracy"
    images_per_class = None
    architecture_loss = None
    validates_loss = False
    measures_untrained = False
    crops = True

    @property
    def outputs(self) -> tuple[str, ...]:
        """The names of the attributes."""
        return self.table.names

    @property
    def conditions(self) -> dict[str, Any]:
        """No settings: accuracy has one definition."""
        return {}

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put a classifier for each attribute on a model of feature maps."""
        del num_classes  # Number of rows of the table, not of logits.
        return attach_classifiers(features, self.table.attributes, seed)

    def make_targets(self, labels: Any) -> Any:
        """Return one-hot classes of each attribute, zeros where missing.

        Args:
            labels: one-hot rows of the table (batch, rows).

        Returns:
            A tensor (batch, classes) for each attribute.
        """
        columns = range(len(self.table.attributes))
        return tuple(
            ops.matmul(labels, self.table.encode(column)) for column in columns
        )

    def compile_options(self) -> dict[str, Any]:
        """Return a cross-entropy and an accuracy for each attribute."""
        return {
            "loss": [KnownCrossEntropy() for _ in self.table.attributes],
            "metrics": [[KnownAccuracy()] for _ in self.table.attributes],
        }

    def weigh_classes(
        self, dataset: AttributeDataset
    ) -> tuple[np.ndarray, ...]:
        """Balance the classes of each attribute, by its known labels."""
        rows = self.table.rows[dataset.train.labels]
        columns = zip(self.table.attributes, rows.T, strict=True)
        return tuple(
            balance_classes(labels[labels != MISSING], len(attribute.classes))
            for attribute, labels in columns
        )

    def measure_divergence(
        self, teacher: Any, student: Any, temperature: float
    ) -> Any:
        """Compare the logits of each attribute, and return their sum.

        The loss of the labels is a sum over the attributes, too.
        """
        pairs = zip(
            keras.tree.flatten(teacher),
            keras.tree.flatten(student),
            strict=True,
        )
        return sum(compare_logits(*pair, temperature) for pair in pairs)

    def list_images(self, split: Any) -> np.ndarray:
        """Return all images."""
        images: np.ndarray = split.images
        return images

    def predict(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> list[np.ndarray]:
        """Compute the logits (images, classes) of each attribute."""
        batches = image_batches(split.images, batch_size)
        logits: list[np.ndarray] = keras.tree.flatten(
            model.predict(batches, verbose=0)
        )
        return logits

    def measure(
        self, model: keras.Model, split: Any, batch_size: int
    ) -> dict[str, float]:
        """Measure the mean accuracy, and the accuracy of each attribute."""
        return self.measure_fully(self.predict(model, split, batch_size), split)

    def measure_fully(
        self, logits: list[np.ndarray], split: Any
    ) -> dict[str, float]:
        """Compute the accuracy of each attribute, and their mean.

        Ordinal attributes also get the share of predictions at most one class
        off. Images without a label of an attribute do not count for it.
        """
        measured = {}
        for column, attribute in enumerate(self.table.attributes):
            classes = self.table.rows[split.labels, column]
            is_known = classes != MISSING
            off = np.abs(logits[column].argmax(-1) - classes)[is_known]
            name = attribute.name
            measured[f"{name}_accuracy"] = _share(off == 0)
            if attribute.is_ordinal:
                measured[f"{name}_one_off"] = _share(off <= ONE_OFF)
        exact = [measured[f"{name}_accuracy"] for name in self.table.names]
        return {"accuracy": float(np.mean(exact)), **measured}

    def score_examples(
        self, logits: list[np.ndarray], split: Any
    ) -> ExampleScores:
        """Return the share of attributes that are right, for each image.

        A label of an attribute that few images have counts for more, as it
        does in the mean of the attributes' accuracies.
        """
        truth = self.table.rows[split.labels]
        predicted = np.stack([each.argmax(-1) for each in logits], axis=1)
        known = truth != MISSING
        right = (predicted == truth) & known
        shares = np.mean(known, axis=0)
        is_met = shares > 0  # An attribute may have no label in a split.
        scores = right[:, is_met] / shares[is_met]
        return ExampleScores(np.mean(scores, axis=1))

    def illustrate(
        self,
        logits: list[np.ndarray],
        dataset: AttributeDataset,
    ) -> Illustration:
        """Count the confusions of each attribute's known labels.

        An image may be among the mistakes several times, for different
        attributes.
        """
        confusions, mistakes = {}, []
        for column, attribute in enumerate(self.table.attributes):
            name, classes = attribute.name, attribute.classes
            labels = self.table.rows[dataset.test.labels, column]
            known = np.flatnonzero(labels != MISSING)
            truth, found = labels[known], logits[column][known]
            confusions[name] = count_confusions(
                classes, truth, found.argmax(-1)
            )
            mistakes += find_mistakes(name, classes, truth, found, known)
        return Illustration(
            confusions=confusions,
            mistakes=choose_mistakes(mistakes, MOST_MISTAKES),
        )

    def list_classes(
        self, dataset: AttributeDataset
    ) -> dict[str, tuple[str, ...] | None]:
        """Return the classes of each attribute."""
        return {each.name: each.classes for each in self.table.attributes}

    def finish(self, model: keras.Model) -> keras.Model:
        """Return the whole model."""
        return model


def attach_classifiers(
    features: keras.Model,
    attributes: tuple[Attribute, ...],
    seed: int = 0,
) -> keras.Model:
    """Put a linear classifier for each attribute on a model of feature maps.

    Args:
        features: model from images to maps (batch, height, width, channels).
        attributes: attributes to classify; a classifier has the name of its
            attribute.
        seed: random seed of the kernels.

    Returns:
        A model from images to logits (batch, classes) of each attribute. A
        new layer whose name is taken gets a number.

    Example:
    >>> images = keras.Input((8, 8, 3))
    >>> features = keras.Model(images, keras.layers.Conv2D(6, 1)(images))
    >>> shown = Attribute("gender", ("m", "f"))
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
        for number, attribute in enumerate(attributes)
    ]
    return keras.Model(features.input, logits, name=features.name)


def _share(is_right: np.ndarray) -> float:
    """Return the share of true values; NaN if there are none at all."""
    return float(np.mean(is_right)) if len(is_right) else float("nan")
