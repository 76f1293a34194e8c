"""Setting of a benchmark: a model, an image size and a batch size."""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from ntaa_tf import zoo
from ntaa_tf.tasks.classification import attach_classifier

CLASSES = 10


@dataclass(frozen=True)
class Setting:
    """A source model, and the shape of a batch.

    Args:
        model: name of a model in the zoo, or path of a `.keras` file.
        pixels: height and width of the images, in pixels.
        batch: number of images in a batch.

    Raises:
        ValueError: if the model is unknown.
    """

    model: str
    pixels: int
    batch: int

    def __post_init__(self) -> None:
        self._find_source()

    @classmethod
    def parse(cls, text: str) -> "Setting":
        """Parse `model:pixels:batch`."""
        model, *numbers = text.rsplit(":", 2)
        if len(numbers) != 2 or not all(map(str.isdecimal, numbers)):
            raise ValueError(
                "--models takes settings of the form model:pixels:batch, such "
                f"as resnet50:64:32. Received: {text!r}."
            )
        return cls(model, *map(int, numbers))

    def __str__(self) -> str:
        return f"{Path(self.model).stem}, {self.pixels}, {self.batch}"

    def to_dict(self) -> dict[str, Any]:
        """Return the fields, and the name of the setting in tables."""
        return {"setting": str(self), **dataclasses.asdict(self)}

    @property
    def image_shape(self) -> tuple[int, int, int, int]:
        """Shape of a batch of RGB images."""
        return (self.batch, self.pixels, self.pixels, 3)

    def build_source(self) -> keras.Model:
        """Build the source model of a run; a model of the zoo is untrained."""
        keras.utils.set_random_seed(0)
        info = self._find_source()
        features = zoo.load_source(info, self.pixels, trained=False)
        return attach_classifier(features, CLASSES)

    def make_step(self, model: keras.Model) -> Callable[[], Any]:
        """Return a function that trains a model on one batch in memory."""
        classes = np.random.default_rng(0).integers(CLASSES, size=self.batch)
        batch = [
            keras.ops.convert_to_tensor(draw_images(self.image_shape)),
            keras.ops.one_hot(classes, CLASSES),
        ]
        return lambda: model.train_on_batch(*batch)

    def _find_source(self) -> zoo.SourceInfo:
        is_file = self.model.endswith(".keras")
        return zoo.find_source(
            self.model, preprocessing="none" if is_file else None
        )


def draw_images(shape: tuple[int, ...]) -> np.ndarray:
    """Draw uniform random images.

    Args:
        shape: shape of the batch (batch, height, width, channels).

    Returns:
        The images, float32 from 0 to 255; always the same for one shape.
    """
    return np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
