"""Augmentation by Keras's own layers, with randomness that can be resumed."""

import functools
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from ntaa_tf.data.contrast import list_contrasting
from ntaa_tf.data.erasing import RandomErasing

TRANSLATION = 0.125  # of the image's side: 4 pixels of 32, as in pad-crop


class ResumableSeeds(keras.random.SeedGenerator):
    """Seeds that follow from a key alone, not from what was drawn before.

    Keras's generators count their draws in a variable. Here the count begins
    anew with every key while a function is traced, so that the function has no
    state and the same key always gives the same augmentation.
    """

    def __init__(self) -> None:
        super().__init__(seed=0)
        self.restart(tf.zeros(2, tf.int64))

    def restart(self, key: tf.Tensor) -> None:
        """Begins the seeds of this key, shape `(2,)`."""
        self._key = key
        self._draws = 0

    def next(self, ordered: bool = True) -> tf.Tensor:
        """Returns the next seed, shape `(2,)`."""
        del ordered  # The order of draws is part of every seed.
        self._draws += 1
        return tf.random.experimental.stateless_fold_in(self._key, self._draws)


class SelectiveRandAugment(keras.layers.RandAugment):
    """Keras's RandAugment, computing only the operations that were drawn.

    Keras computes every operation and keeps one; the result is the same.
    """

    def transform_images(
        self,
        images: tf.Tensor,
        transformation: dict | None,
        training: bool = True,
    ) -> tf.Tensor:
        """Applies the operations drawn, one after the other."""
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
        fill_mode="constant",
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


AUGMENTATIONS: dict[str, Callable[[bool], list[Any]]] = {
    "none": lambda flip: [],
    "standard": _pad_crop,
    "rand": _rand_augment,
    "cutmix": _cut_mix,
    "erase": _erase,
    "contrast": list_contrasting,
}


class Augmentation:
    """Augments whole batches; safe in parallel `tf.data` maps.

    Args:
        name: one of `AUGMENTATIONS`. `standard` is pad-crop and flip; `rand`
            adds RandAugment, `cutmix` adds CutMix, `erase` random erasing.
            `contrast` is MoCo v2's, for self-supervision.
        flip: whether mirrored images keep their class.
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
        """Augments one batch.

        Args:
            images: float32, 0 to 255, shape `(batch, size, size, 3)`.
            labels: one-hot float32, shape `(batch, classes)`.
            key: int64, shape `(2,)`; decides everything random.

        Returns:
            Images and labels of the same shapes.
        """
        self._seeds.restart(key)
        batch = {"images": images, "labels": labels}
        for layer in self._layers:
            batch = layer(batch, training=True)
        return batch["images"], batch["labels"]
