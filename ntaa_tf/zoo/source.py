"""Facts about a source model that are known before it is built."""

import dataclasses

from ntaa_tf.image_size import Size

_ENLARGED_SIZE = 128
_LARGEST_ENLARGEMENT = 4


@dataclasses.dataclass(frozen=True)
class SourceInfo:
    """Facts about a source model that are known before it is built.

    Attributes:
        name: name or path of the model, as given to `find_source`.
        weights: "imagenet", "none", the path of a weights file, or "own" for
            a model that is stored or trained with its weights.
        preprocessing: mode that is put in front of the model; "none" if the
            model contains its preprocessing.
        native_size: height and width of the training images in pixels; None
            if unknown.
        minimum_size: smallest possible image size, in pixels.
        fixed_size: whether `native_size` is the default image size, whatever
            the data (a file's own size).
        pretrained: whether the weights are trained.
    """

    name: str
    weights: str
    preprocessing: str
    native_size: Size | None
    minimum_size: int
    fixed_size: bool
    pretrained: bool


def choose_image_size(info: SourceInfo, data_size: Size) -> Size:
    """Choose the image size that fits a source model and a data set.

    A file keeps its own size. A model with random weights takes the size of
    the data. For pretrained weights small images are enlarged, at most four
    times and up to 128 pixels, and large images are reduced to the native
    size. These rules concern the shorter side; the longer side keeps the
    proportion.

    Args:
        info: facts about the model, from `find_source`.
        data_size: typical height and width of the images, in pixels.

    Returns:
        Height and width in pixels.

    Example:
    >>> choose_image_size(find_source("resnet50"), (28, 28))
    (112, 112)
    """
    if info.fixed_size and info.native_size:
        return info.native_size
    side = shorter = min(data_size)
    if info.pretrained and info.native_size:
        enlarged = min(_ENLARGED_SIZE, _LARGEST_ENLARGEMENT * shorter)
        side = min(*info.native_size, max(shorter, enlarged))
    side = max(side, info.minimum_size)
    height, width = (round(side * length / shorter) for length in data_size)
    return height, width
