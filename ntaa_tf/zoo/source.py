"""What is known of a source model before it is built."""

import dataclasses

from ntaa_tf.image_size import Size

_ENLARGED_SIZE = 128
_LARGEST_ENLARGEMENT = 4


@dataclasses.dataclass(frozen=True)
class SourceInfo:
    """What is known of a source model before it is built.

    Attributes:
        name: what `find_source` was asked for.
        weights: "imagenet", "none", the path of a weights file, or "own" for
            a model that brings its own.
        preprocessing: the mode that is put in front of the model; "none"
            where the model itself begins with it.
        native_size: height and width that it was trained at, in pixels;
            None where a file leaves them open.
        minimum_size: the smallest possible image size, in pixels.
        fixed_size: whether `native_size` is the size to use (a file's own).
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

    A file keeps its own size and random weights take the data's. Otherwise
    small images are enlarged, by 4 at most, up to 128 pixels, and no image
    is larger than the one that the model was trained at. This is said of the
    shorter side; the longer one keeps its proportion.

    Args:
        info: from `find_source`.
        data_size: typical height and width of the images, in pixels.

    Returns:
        Height and width in pixels.
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
