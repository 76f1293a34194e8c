"""Generated data sets and a model that replace downloads."""

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np

SOURCE, IDENTITIES, FACES = "source.keras", "identities", "faces"

TRAIN, QUERY, GALLERY = "bounding_box_train", "query", "bounding_box_test"
# Folder, identities, cameras, and number of images of each identity by each
# camera.
VIEWS = [
    (TRAIN, range(1, 9), (1, 2), 4),
    (QUERY, range(9, 13), (1,), 1),
    (GALLERY, range(9, 13), (2,), 2),
]

FOLDS = 5
COLUMNS = (
    *("user_id", "original_image", "face_id", "age", "gender", "x", "y"),
    *("dx", "dy", "tilt_ang", "fiducial_yaw_angle", "fiducial_score"),
)
AGES = (
    *("(0, 2)", "(4, 6)", "(8, 12)", "(15, 20)"),
    *("(25, 32)", "(38, 43)", "(48, 53)", "(60, 100)"),
)
IMAGES_OF_A_FACE = 2
# Channels of the model. With 8, TensorFlow 2.21 crashes on some processors:
# oneDNN gets the gradient of a strided 1x1 convolution wrong.
WIDTH = 16


def write_stand_ins(directory: Path) -> None:
    """Write a tiny source model, a retrieval data set and an Adience.

    Args:
        directory: directory to write into; it is created if necessary.
    """
    directory.mkdir(parents=True, exist_ok=True)
    _build_source().save(directory / SOURCE)
    write_identities(directory / IDENTITIES)
    write_adience(directory / FACES)


def write_identities(root: Path) -> None:
    """Write a retrieval data set in the layout of Market-1501.

    Args:
        root: directory of the data set.
    """
    rng = np.random.default_rng(0)
    for part, identities, cameras, count in VIEWS:
        folder = root / part
        folder.mkdir(parents=True, exist_ok=True)
        for who, camera, number in np.ndindex(
            len(identities), len(cameras), count
        ):
            name = f"{identities[who]:04d}_c{cameras[camera]}s1_{number:06d}"
            image = _draw_stripes(identities[who], rng)
            keras.utils.save_img(folder / f"{name}_00.png", image)


def write_adience(
    root: Path, unusual: Sequence[tuple[str, str]] = (), size: int = 40
) -> None:
    """Write five folds in the layout of Adience, each with all ages.

    Args:
        root: directory of the lists and the images.
        unusual: age and gender of further faces in each fold.
        size: height and width of the images, in pixels.
    """
    for fold in range(FOLDS):
        shown = [(age, "mf"[(n + fold) % 2]) for n, age in enumerate(AGES)]
        images = [IMAGES_OF_A_FACE] * len(shown) + [1] * len(unusual)
        lines = ["\t".join(COLUMNS)]
        for face, (seen, count) in enumerate(
            zip([*shown, *unusual], images, strict=True)
        ):
            for image in range(count):
                name = f"{image}.jpg"
                _write_face(root, fold, face, name, seen, size)
                user, number = f"{fold}@N0{face}", f"{100 * fold + face}"
                row = [user, name, number, *seen, *"0000000"]
                lines.append("\t".join(row))
        text = "\n".join(lines) + "\n"
        (root / f"fold_{fold}_data.txt").write_text(text, "utf-8")


def _write_face(
    root: Path,
    fold: int,
    face: int,
    name: str,
    seen: tuple[str, str],
    size: int,
) -> None:
    """Write an image; its red and green encode the age, its blue the gender."""
    age, gender = seen
    image = np.full((size, size, 3), 30 * AGES.index(age) if age in AGES else 0)
    image[:, :, 2] = 255 * (gender == "m")
    folder = root / "aligned" / f"{fold}@N0{face}"
    folder.mkdir(parents=True, exist_ok=True)
    number = 100 * fold + face
    keras.utils.save_img(
        folder / f"landmark_aligned_face.{number}.{name}", image, scale=False
    )


def _draw_stripes(identity: int, rng: np.random.Generator) -> np.ndarray:
    """Draw rows and columns; their distances encode the identity."""
    image = rng.uniform(0, 40, (24, 16, 3))
    image[:: 1 + identity % 5, :: 1 + identity // 5] += 200
    return image


def _build_source() -> keras.Model:
    """Build a stem and one residual block with a stride."""
    images = keras.Input((32, 32, 3))
    common = {"padding": "same", "activation": "relu"}
    stem = keras.layers.Conv2D(WIDTH, 3, name="stem", **common)(images)
    first = keras.layers.Conv2D(WIDTH, 3, 2, name="first", **common)(stem)
    second = keras.layers.Conv2D(WIDTH, 3, name="second", **common)(first)
    shortcut = keras.layers.Conv2D(WIDTH, 1, 2, name="shortcut")(stem)
    return keras.Model(images, keras.layers.Add()([shortcut, second]))
