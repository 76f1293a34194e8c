"""What is trained: a model, an image size and a batch size."""

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
    """A source model and a batch.

    Args:
        model: a model of the zoo by name, or a `.keras` file.
        pixels: height and width of the images.
        batch: how many images.

    Raises:
        ValueError: if there is no such model.
    """

    model: str
    pixels: int
    batch: int

    def __post_init__(self) -> None:
        self._find_source()

    @classmethod
    def parse(cls, text: str) -> "Setting":
        """Read `model:pixels:batch`."""
        model, *numbers = text.rsplit(":", 2)
        if len(numbers) != 2 or not all(map(str.isdecimal, numbers)):
            raise ValueError(
                "Invalid value for `models`. Expected model:pixels:batch, "
                f"such as resnet50:64:32. Received: {text!r}."
            )
        return cls(model, *map(int, numbers))

    def __str__(self) -> str:
        return f"{Path(self.model).stem}, {self.pixels}, {self.batch}"

    def to_dict(self) -> dict[str, Any]:
        """Give the fields, and what the setting is called in tables."""
        return {"setting": str(self), **dataclasses.asdict(self)}

    def build_source(self) -> keras.Model:
        """Build the source as a run has it, but a named model untrained."""
        keras.utils.set_random_seed(0)
        info = self._find_source()
        features = zoo.load_source(info, self.pixels, trained=False)
        return attach_classifier(features, CLASSES)

    def make_step(self, model: keras.Model) -> Callable[[], Any]:
        """Make a model's training step on one batch that is in memory."""
        random = np.random.default_rng(0)
        shape = (self.batch, self.pixels, self.pixels, 3)
        images = random.uniform(0, 255, shape).astype("float32")
        classes = random.integers(CLASSES, size=self.batch)
        batch = [
            keras.ops.convert_to_tensor(images),
            keras.ops.one_hot(classes, CLASSES),
        ]
        return lambda: model.train_on_batch(*batch)

    def _find_source(self) -> zoo.SourceInfo:
        is_file = self.model.endswith(".keras")
        return zoo.find_source(
            self.model, preprocessing="none" if is_file else None
        )
