"""Image augmentation with Keras layers, reproducible when a run resumes."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.data.contrast import list_contrasting
from ntaa_tf.data.erasing import RandomErasing

TRANSLATION = 0.125  # share of the side: 4 of 32 pixels, as in pad-crop


class ResumableSeeds(keras.random.SeedGenerator):
    """A seed generator whose seeds depend on a key alone.

    Keras's own generator counts its draws in a variable, so its seeds depend
    on all earlier draws. This one restarts its count with every key. The count
    is a Python number that changes during tracing only; the traced function
    has no state, and the same key always gives the same augmentation.
    """

    def __init__(self) -> None:
        super().__init__(seed=0)
        self.restart(tf.zeros(2, tf.int64))

    def restart(self, key: tf.Tensor) -> None:
        """Restart the seeds from this key, shape `(2,)`."""
        self._key = key
        self._draws = 0

    def next(self, ordered: bool = True) -> tf.Tensor:
        """Return the next seed, shape `(2,)`."""
        del ordered  # Every seed depends on its place in the order of draws.
        self._draws += 1
        return tf.random.experimental.stateless_fold_in(self._key, self._draws)


class SelectiveRandAugment(keras.layers.RandAugment):
    """Keras's RandAugment without the work of operations that weren't drawn.

    Keras computes all operations and keeps the result of one. This layer
    returns the same images, but computes only that one.
    """

    def transform_images(
        self,
        images: tf.Tensor,
        transformation: dict | None,
        training: bool = True,
    ) -> tf.Tensor:
        """Apply the drawn operations one after the other."""
        images = tf.cast(images, self.compute_dtype)
        if not training or transformation is None:
            return images
        transforms = transformation["transforms"]
        for drawn in tf.unstack(transformation["layer_idxes"]):
            operations = [
                functools.partial(
                    getattr(self, name).transform_images, images, transform
                )
                for name, transform in transforms.items()
            ]
            images = tf.switch_case(drawn, operations)
        return images


def _pad_crop(flip: bool) -> list[keras.Layer]:
    crop = keras.layers.RandomTranslation(
        TRANSLATION,
        TRANSLATION,
        # Black borders occur in no image that the model will meet.
        fill_mode="reflect",
        interpolation="nearest",
        dtype="float32",
    )
    mirror = keras.layers.RandomFlip("horizontal", dtype="float32")
    return [crop, mirror] if flip else [crop]


def _rand_augment(flip: bool) -> list[keras.Layer]:
    return [
        *_pad_crop(flip),
        SelectiveRandAugment(value_range=(0, 255), dtype="float32"),
    ]


def _erase(flip: bool) -> list[Any]:
    return [*_pad_crop(flip), RandomErasing()]


def _cut_mix(flip: bool) -> list[keras.Layer]:
    return [*_pad_crop(flip), keras.layers.CutMix(dtype="float32")]


# Builds the layers of each augmentation. The argument is whether to flip.
AUGMENTATIONS: dict[str, Callable[[bool], list[Any]]] = {
    "none": lambda flip: [],
    "standard": _pad_crop,
    "rand": _rand_augment,
    "cutmix": _cut_mix,
    "erase": _erase,
    "contrast": list_contrasting,
}


class Augmentation:
    """An augmentation of whole batches, safe in parallel `tf.data` maps.

    Args:
        name: one of `AUGMENTATIONS`. `standard` is pad-crop and flip. `rand`
            adds RandAugment to it, `cutmix` CutMix, `erase` random erasing.
            `contrast` is the augmentation of MoCo v2 for self-supervision.
        flip: whether to mirror images; only if mirrored images keep their
            class.

    Raises:
        ValueError: if the name is unknown.
    """

    def __init__(self, name: str, flip: bool = True) -> None:
        if name not in AUGMENTATIONS:
            raise ValueError(
                "Invalid value for `augment`. Expected one of "
                f"{', '.join(AUGMENTATIONS)}. Received: {name!r}"
            )
        self._layers = AUGMENTATIONS[name](flip)
        self._seeds = ResumableSeeds()
        for layer in self._layers:
            layer.generator = self._seeds

    def __call__(
        self, images: tf.Tensor, labels: tf.Tensor, key: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        """Augment one batch.

        Args:
            images: float32, 0 to 255, shape `(batch, size, size, 3)`.
            labels: one-hot float32, shape `(batch, classes)`.
            key: int64, shape `(2,)`; seed of all random choices.

        Returns:
            Images and labels of the same shapes.
        """
        self._seeds.restart(key)
        batch = {"images": images, "labels": labels}
        for layer in self._layers:
            batch = layer(batch, training=True)
        return batch["images"], batch["labels"]
