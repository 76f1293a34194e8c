"""A small Adience with unusual faces."""

from stand_ins import AGES
from stand_ins import IMAGES_OF_A_FACE
from stand_ins import write_adience

# Faces with an age outside of the published evaluation, or no gender.
UNUSUAL = [("35", "m"), ("(38, 42)", "u"), ("None", ""), ("(25, 23)", "f")]
FACES, IMAGES = len(AGES), IMAGES_OF_A_FACE


def write_faces(root):
    """Write five folds, each with the unusual faces."""
    write_adience(root, UNUSUAL, size=20)
    return root
