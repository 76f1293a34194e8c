"""Outputs of a served classifier beside its logits: probabilities and names."""

from collections.abc import Mapping
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import tensorflow as tf
from scipy.special import softmax

LOGITS, EMBEDDING = ("logits",), "embedding"
# Largest difference of a probability from the softmax of the same logits.
# Both are computed in float32, whose rounding is about 1e-7.
ROUNDING = 1e-5

# For each output, by its name, the classes of its logits; None of an embedding.
Classes = Mapping[str, Sequence[str] | None]
Outputs = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class ClassOutputs:
    """Names of the outputs that are computed from the logits of a classifier.

    Args:
        probabilities: name of the softmax of the logits, (batch, classes).
        classes: name of the most probable class of each image, (batch,).
    """

    probabilities: str
    classes: str

    @property
    def names(self) -> tuple[str, str]:
        """Both names."""
        return self.probabilities, self.classes


def name_class_outputs(classes: Classes) -> dict[str, ClassOutputs]:
    """Name the probabilities and the classes of each output of logits.

    Args:
        classes: classes by output. An embedding has none, and gets no outputs.

    Example:
    >>> name_class_outputs({"logits": ("cat", "dog")})["logits"].names
    ('probabilities', 'classes')
    >>> name_class_outputs({"age": ("young", "old")})["age"].names
    ('age/probabilities', 'age/classes')
    """
    # No attribute has a slash in its name, which is also that of a layer. So
    # names with a slash never meet the name of another attribute.
    is_single = tuple(classes) == LOGITS
    prefixes = {name: "" if is_single else f"{name}/" for name in classes}
    return {
        name: ClassOutputs(f"{prefix}probabilities", f"{prefix}classes")
        for name, prefix in prefixes.items()
        if classes[name] is not None
    }


def compute_class_outputs(
    outputs: Mapping[str, tf.Tensor], classes: Classes
) -> dict[str, tf.Tensor]:
    """Compute the probabilities and the most probable class of each image.

    Args:
        outputs: logits (batch, classes) by name; embeddings are left alone.
        classes: classes by output.

    Returns:
        The further outputs by name: float32 probabilities and UTF-8 strings.
    """
    computed = {}
    for name, named in name_class_outputs(classes).items():
        logits = outputs[name]
        computed[named.probabilities] = tf.nn.softmax(logits)
        computed[named.classes] = tf.gather(
            tf.constant(list(classes[name] or ())), tf.argmax(logits, -1)
        )
    return computed


def find_disagreement(outputs: Outputs, classes: Classes) -> str:
    """Find a probability or a class that does not follow from its logits.

    Args:
        outputs: outputs of an export by signature and name, joined by a slash.
        classes: classes by output.

    Returns:
        The rest of a sentence that begins with the format; empty if every
        probability and every class agrees with the logits beside it.

    Example:
    >>> outputs = {"one/logits": np.zeros((1, 2)), "one/classes": ["cat"]}
    >>> find_disagreement(outputs, {"logits": ("cat", "dog")})
    'returns no one/probabilities'
    """
    for signature in {path.split("/")[0]: None for path in outputs}:
        for name, named in name_class_outputs(classes).items():
            paths = [f"{signature}/{each}" for each in (name, *named.names)]
            missing = [path for path in paths if path not in outputs]
            if missing:
                return f"returns no {missing[0]}"
            logits, probabilities, chosen = (outputs[path] for path in paths)
            if not _is_softmax(probabilities, logits):
                return f"returns {paths[1]} that are not the softmax of {name}"
            names = np.array(classes[name])
            if not np.array_equal(chosen, names[logits.argmax(-1)]):
                return f"returns {paths[2]} that are not those of {name}"
    return ""


def _is_softmax(probabilities: np.ndarray, logits: np.ndarray) -> bool:
    expected = softmax(logits, axis=-1)
    # Shapes are compared first, because NumPy would broadcast them.
    return probabilities.shape == expected.shape and np.allclose(
        probabilities, expected, rtol=0, atol=ROUNDING
    )
