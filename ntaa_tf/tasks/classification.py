"""Classification: one label for an image."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from ntaa_tf import data
from ntaa_tf.graph.free_names import find_free_name
from ntaa_tf.image_size import Size
from ntaa_tf.metrics import count_confusions


class Classification:
    """One label for an image, judged by accuracy."""

    score = "accuracy"
    images_per_class = None
    architecture_loss = None
    answers_untrained = False
    crops = True
    outputs = ("logits",)

    @property
    def conditions(self) -> dict[str, Any]:
        """Nothing: accuracy is measured in one way."""
        return {}

    def open(self, name: str, data_dir: str | None) -> data.RawDataset:
        """Open an image classification set."""
        return data.open_dataset(name, data_dir)

    def join_domains(
        self,
        sources: Sequence[data.RawDataset],
        target: data.RawDataset,
        **choices: Any,
    ) -> data.RawDataset:
        """Learn from sources, measure on a target of the same classes."""
        return data.join_domains(sources, target, **choices)

    def prepare(
        self, raw: data.RawDataset, image_size: Size, **choices: Any
    ) -> data.ImageDataset:
        """Split and decode it."""
        return data.prepare(raw, image_size, **choices)

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put a linear classifier on a feature map."""
        return attach_classifier(features, num_classes, seed)

    def make_targets(self, labels: Any) -> Any:
        """Give the labels as they are."""
        return labels

    def compile_options(self) -> dict[str, Any]:
        """Give the loss and the metrics."""
        return {
            "loss": keras.losses.CategoricalCrossentropy(from_logits=True),
            "metrics": [keras.metrics.CategoricalAccuracy(name="accuracy")],
        }

    def validation_batches(
        self, split: data.Examples, num_classes: int, batch_size: int
    ) -> Any:
        """Give what the loss is validated on."""
        return data.evaluation_batches(split, num_classes, batch_size)

    def list_images(self, split: data.Examples) -> np.ndarray:
        """Give all images."""
        images: np.ndarray = split.images
        return images

    def predict(
        self, model: keras.Model, split: data.Examples, batch_size: int
    ) -> np.ndarray:
        """Give the logits."""
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
        """Measure the accuracy."""
        return {"accuracy": float(np.mean(logits.argmax(-1) == split.labels))}

    def find_answers(self, *_: Any) -> None:
        """Give nothing: there is nothing to be found."""
        return

    def confuse(
        self, logits: np.ndarray, dataset: data.ImageDataset
    ) -> dict[str, Any]:
        """Count which classes were taken for which."""
        truth, predicted = dataset.test.labels, logits.argmax(-1)
        names = dataset.class_names
        return {"classes": count_confusions(names, truth, predicted)}

    def finish(self, model: keras.Model) -> keras.Model:
        """Give the model as it is."""
        return model


def attach_classifier(
    features: keras.Model, num_classes: int, seed: int = 0
) -> keras.Model:
    """Put a linear classifier on a feature map.

    Args:
        features: a model from images to maps (batch, height, width, channels).
        num_classes: how many logits the classifier gives.
        seed: of its kernel.

    Returns:
        A model from images to logits (batch, classes). Its new layers are
        `global_pooling` and `classifier`, numbered where `features` has a
        layer of this name.
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
    """Put another linear classifier in the place of a model's last layer.

    Args:
        model: its last layer is a Dense.
        num_classes: how many logits the new classifier gives.
        seed: of its kernel.

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
