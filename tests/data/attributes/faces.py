"""A small Adience, as it is distributed."""

import numpy as np
import tensorflow as tf

HEADER = (
    "user_id\toriginal_image\tface_id\tage\tgender\tx\ty\tdx\tdy\ttilt_ang\t"
    "fiducial_yaw_angle\tfiducial_score"
)
AGES = (
    *("(0, 2)", "(4, 6)", "(8, 12)", "(15, 20)"),
    *("(25, 32)", "(38, 43)", "(48, 53)", "(60, 100)"),
)
# In each fold: faces of all ages by turns, and what has no age, or no gender.
UNUSUAL = [("35", "m"), ("(38, 42)", "u"), ("None", ""), ("(25, 23)", "f")]
FACES, IMAGES = 8, 2


def write_adience(root, size=20):
    """Write five folds of nine users, whose shade tells age and gender."""
    for fold in range(5):
        lines = [HEADER]
        for number in range(FACES):
            shown = AGES[number], "mf"[(number + fold) % 2]
            for image in range(IMAGES):
                lines.append(_write(root, fold, number, f"{image}.jpg", shown))
        for number, shown in enumerate(UNUSUAL, start=FACES):
            lines.append(_write(root, fold, number, "0.jpg", shown, size))
        (root / f"fold_{fold}_data.txt").write_text("\n".join(lines) + "\n")
    return root


def _write(root, fold, number, image, shown, size=20):
    age, gender = shown
    user, face = f"{fold}@N0{number}", 100 * fold + number
    folder = root / "aligned" / user
    folder.mkdir(parents=True, exist_ok=True)
    shade = 30 * AGES.index(age) if age in AGES else 0
    pixels = np.full((size, size, 3), shade, "uint8")
    pixels[:, :, 2] = 255 * (gender == "m")
    path = folder / f"landmark_aligned_face.{face}.{image}"
    path.write_bytes(tf.io.encode_jpeg(pixels).numpy())
    place = "0\t0\t816\t816\t0\t0\t59"
    return f"{user}\t{image}\t{face}\t{age}\t{gender}\t{place}"
