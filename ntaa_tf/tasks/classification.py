"""Classification: one label for each image."""

from typing import Any

import keras
import numpy as np

from ntaa_tf import data
from ntaa_tf.graph.free_names import find_free_name
from ntaa_tf.losses import compare_logits
from ntaa_tf.metrics import choose_mistakes
from ntaa_tf.metrics import count_confusions
from ntaa_tf.metrics import find_mistakes
from ntaa_tf.tasks.task import MOST_MISTAKES
from ntaa_tf.tasks.task import ExampleScores
from ntaa_tf.tasks.task import Illustration


class ClassificationTask:
    """One label for each image, measured by accuracy."""

    score = "accuracy"
    images_per_class = None
    architecture_loss = None
    validates_loss = True
    measures_untrained = False
    crops = True
    outputs = ("logits",)

    @property
    def conditions(self) -> dict[str, Any]:
        """No settings: accuracy has one definition."""
        return {}

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put a linear classifier on a model of feature maps."""
        return attach_classifier(features, num_classes, seed)

    def make_targets(self, labels: Any) -> Any:
        """Return the one-hot labels themselves."""
        return labels

    def compile_options(self) -> dict[str, Any]:
        """Return the cross-entropy and the accuracy."""
        return {
            "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
            "metrics": [keras.metrics.CategoricalAccuracy(name="accuracy")],
        }

    def weigh_classes(
        self, dataset: data.ImageDataset
    ) -> tuple[np.ndarray, ...]:
        """Balance the classes of the training split."""
        labels = dataset.train.labels
        return (data.balance_classes(labels, dataset.num_classes),)

    def measure_divergence(
        self, teacher: Any, student: Any, temperature: float
    ) -> Any:
        """Compare the logits."""
        return compare_logits(teacher, student, temperature)

    def list_images(self, split: data.Examples) -> np.ndarray:
        """Return all images."""
        images: np.ndarray = split.images
        return images

    def predict(
        self, model: keras.Model, split: data.Examples, batch_size: int
    ) -> np.ndarray:
        """Compute the logits (images, classes)."""
        logits: np.ndarray = model.predict(
            data.image_batches(split.images, batch_size), verbose=0
        )
        return logits

    def measure(
        self, model: keras.Model, split: data.Examples, batch_size: int
    ) -> dict[str, float]:
        """Measure the accuracy."""
        return self.measure_fully(self.predict(model, split, batch_size), split)

    def measure_fully(
        self, logits: np.ndarray, split: data.Examples
    ) -> dict[str, float]:
        """Compute the accuracy from logits."""
        return {"accuracy": float(np.mean(logits.argmax(-1) == split.labels))}

    def score_examples(
        self, logits: np.ndarray, split: data.Examples
    ) -> ExampleScores:
        """Return 1 for each image that is classified right, else 0."""
        return ExampleScores(1.0 * (logits.argmax(-1) == split.labels))

    def illustrate(
        self, logits: np.ndarray, dataset: data.ImageDataset
    ) -> Illustration:
        """Count the confusion matrix of the classes, and list mistakes."""
        names, truth = dataset.class_names, dataset.test.labels
        counts = count_confusions(names, truth, logits.argmax(-1))
        mistakes = find_mistakes("classes", names, truth, logits)
        return Illustration(
            confusions={"classes": counts},
            mistakes=choose_mistakes(mistakes, MOST_MISTAKES),
        )

    def list_classes(
        self, dataset: data.ImageDataset
    ) -> dict[str, tuple[str, ...] | None]:
        """Return the class names of the data set."""
        (logits,) = self.outputs
        return {logits: dataset.class_names}

    def finish(self, model: keras.Model) -> keras.Model:
        """Return the whole model."""
        return model


def attach_classifier(
    features: keras.Model, num_classes: int, seed: int = 0
) -> keras.Model:
    """Put a linear classifier on a model of feature maps.

    Args:
        features: model from images to maps (batch, height, width, channels).
        num_classes: number of logits.
        seed: random seed of the kernel.

    Returns:
        A model from images to logits (batch, classes). Its new layers are
        called `global_pooling` and `classifier`, with a number where
        `features` has a layer of this name.
    """
    taken = {operation.name for operation in features.operations}
    pooled = keras.layers.GlobalAveragePooling2D(
        name=find_free_name("global_pooling", taken)
    )(features.output)
    logits = keras.layers.Dense(
        num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        name=find_free_name("classifier", taken),
    )(pooled)
    return keras.Model(features.input, logits, name=features.name)


def replace_classifier(
    model: keras.Model, num_classes: int, seed: int = 0
) -> keras.Model:
    """Replace the last layer of a model by a new linear classifier.

    Args:
        model: model whose last layer is a classifier.
        num_classes: number of logits.
        seed: random seed of the kernel.

    Returns:
        A model that shares all other layers with `model`.
    """
    last = model.layers[-1]
    classifier = keras.layers.Dense(
        num_classes,
        kernel_initializer=keras.initializers.GlorotUniform(seed=seed),
        name=last.name,
    )
    return keras.Model(model.input, classifier(last.input), name=model.name)
