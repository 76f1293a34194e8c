"""Layer names that do not depend on the models built before."""

import collections
import re
from typing import Any

import keras

from ntaa_tf.graph.rewrite import rewrite


def renumber(model: keras.Model) -> keras.Model:
    """Rename automatically named layers as in a fresh process.

    Keras numbers automatic names through the whole process: the second
    InceptionV3 of a process begins with `conv2d_94`. A stored architecture
    refers to layers by name, so the names must be the same each time.

    Args:
        model: a functional model.

    Returns:
        A renamed copy, or `model` itself if no name changes.
    """
    names = _fresh_names(model)
    if all(old == new for old, new in names.items()):
        return model
    return rewrite(model, names=names)


def _fresh_names(model: keras.Model) -> dict[str, str]:
    """Map the automatic names of `model` to the names in a fresh process."""
    names: dict[str, str] = {}
    counts: collections.Counter[str] = collections.Counter()
    # The numbers tell the order in which the layers were created.
    for operation in sorted(model.operations, key=_number):
        stem = _automatic_stem(operation)
        if stem is None:
            continue
        count = counts[stem]
        names[operation.name] = f"{stem}_{count}" if count else stem
        counts[stem] += 1
    return names


def _number(operation: Any) -> int:
    number = re.search(r"_(\d+)$", operation.name)
    return int(number[1]) if number else 0


def _automatic_stem(operation: Any) -> str | None:
    """Return the class name in snake case if Keras named the operation."""
    stem = re.sub(r"_\d+$", "", operation.name)
    automatic = stem.replace("_", "") == type(operation).__name__.lower()
    is_input = isinstance(operation, keras.layers.InputLayer)
    return stem if automatic and not is_input else None
