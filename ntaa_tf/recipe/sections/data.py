"""Choices of the data set and its images."""

from dataclasses import dataclass

from ntaa_tf.image_size import parse_size
from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.values import ADIENCE
from ntaa_tf.recipe.values import ATTRIBUTES
from ntaa_tf.recipe.values import CLASSIFICATION
from ntaa_tf.recipe.values import EMBEDDED_DATASET
from ntaa_tf.recipe.values import TASKS


@dataclass(frozen=True)
class Data(Section):
    """The data set, the task, and how images are prepared."""

    title = "Data"

    task: str = choice(
        None,
        "Task: classification learns one class for each image, retrieval an "
        "embedding that finds unseen identities in a gallery, attributes "
        "several labels of each image. Default: attributes for adience, "
        "classification for any other data set.",
        "classification, retrieval or attributes",
        options=TASKS,
    )
    dataset: str = choice(
        EMBEDDED_DATASET,
        "Data set: digits, digits0to4, digits5to9, a name of "
        "tensorflow-datasets, folder:PATH, or arrays:FILE.npz with arrays of "
        "images and labels. For retrieval: market1501, cuhk03_detected, "
        "cuhk03_labeled, veri776, personx, or market:PATH. For attributes: "
        "adience, or folder:PATH with a labels.csv.",
        "name in tensorflow-datasets, or folder:PATH",
    )
    data_dir: str | None = choice(
        None,
        "Directory of tensorflow-datasets, of the retrieval set, or of "
        "adience.",
        "directory of tensorflow-datasets",
    )
    image_size: str | None = choice(
        None,
        "Image size in pixels: the side of a square, or height and width such "
        "as 256x128. Default: a size that fits model and data.",
        "pixels, as 224 or 256x128",
        parse=parse_size,
    )
    resize: str | None = choice(
        None,
        "Image size in pixels before cropping to --image_size, at random in "
        "training, at the centre in evaluation. Default: no cropping.",
        parse=parse_size,
    )
    train_examples: int | None = choice(
        None,
        "Number of training images, a stratified subset. Default: all.",
        minimum=1,
    )
    validation_share: float = choice(
        0.1,
        "Share of the training images held out for validation where the data "
        "set has no validation split.",
        above=0,
        below=1,
    )
    augment: str = choice(
        "standard",
        "Augmentation of the training images: standard shifts and flips, rand "
        "adds RandAugment, cutmix adds CutMix, erase adds random erasing.",
        options=("none", "standard", "rand", "cutmix", "erase"),
    )
    flip: bool | None = choice(
        None,
        "Random mirroring of the training images. Default: on, unless the "
        "classes are single characters.",
    )

    def __post_init__(self) -> None:
        if self.task is None:
            task = ATTRIBUTES if self.dataset == ADIENCE else CLASSIFICATION
            object.__setattr__(self, "task", task)
        super().__post_init__()
        if self.resize is not None and self.image_size is None:
            raise ValueError(
                "--resize needs --image_size, the size that images are "
                "cropped to."
            )
