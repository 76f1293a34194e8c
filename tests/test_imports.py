"""Imports inside the package point down, as the design has it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ntaa_tf"
MODULES = sorted(PACKAGE.rglob("*.py"))

# The design from top to bottom. A part imports from the lines below its own.
PICTURE = (
    {"__main__", "adapt", "predict", "pretrain"},
    {"commands"},
    {"__init__"},
    {"python_interface"},
    {"compare", "pipeline"},
    {"stages"},
    {"assembly"},
    {"search", "tasks"},
    {"recipe"},
    {"training", "zoo", "export"},
    {"costs", "report"},
    {"data", "graph", "layers", "losses"},
    {"distribute", "metrics"},
    {"storage", "command_line"},
    {"architecture", "geometry", "image_size"},
)
# Below these, functions take plain arguments or one section of a recipe.
KNOWS_RECIPES = {
    *("assembly", "commands", "compare", "pipeline"),
    *("python_interface", "stages", "tasks"),
}
# Training and distribution are TensorFlow's, but Keras is not.
FORBIDDEN = (
    *("tools", "tests", "recipes"),
    *("tensorflow.keras", "tf.keras", "tf_keras"),
    *("pickle", "cloudpickle", "dill", "joblib", "shelve"),
)


def list_imports(tree):
    """List the full names that a module imports, wherever it does."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = "." * node.level + (node.module or "")
            yield from (f"{start}.{alias.name}" for alias in node.names)


def list_attributes(tree):
    """List the dotted names that a module reads, such as `tf.keras`."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            yield ast.unparse(node)


def list_below(part):
    """List the parts that a part may import."""
    (level,) = (n for n, parts in enumerate(PICTURE) if part in parts)
    below = set().union(*PICTURE[level + 1 :])
    return below if part in KNOWS_RECIPES else below - {"recipe"}


def find_violations(part, source):
    """List what a file of a part of the package must not contain."""
    tree = ast.parse(source)
    imported = list(list_imports(tree))
    allowed = list_below(part) | {part}
    return [
        name
        for name in imported
        if name.startswith("ntaa_tf")
        and f"{name}.".split(".")[1] not in allowed
    ] + [
        name
        for name in [*imported, *list_attributes(tree)]
        if name.startswith(".")
        or any(f"{name}.".startswith(f"{bad}.") for bad in FORBIDDEN)
    ]


def name_part(path):
    """Name the file or folder of the package that a module is of."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


@pytest.mark.parametrize(
    "path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE))
)
def test_a_module_imports_only_what_lies_below_it(path):
    assert find_violations(name_part(path), path.read_text("utf-8")) == []


def test_the_picture_has_every_part_once():
    parts = [part for level in PICTURE for part in level]
    assert len(parts) == len(set(parts))
    assert set(parts) == {name_part(path) for path in MODULES}


def test_the_root_of_the_package_has_few_files():
    assert len(list(PACKAGE.glob("*.py"))) <= 10


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("graph", "from ntaa_tf.layers.mixed_op import MixedOp"),
        ("graph", "from ntaa_tf import search"),
        ("graph", "import ntaa_tf"),
        ("layers", "import ntaa_tf.graph.walk"),
        ("layers", "from ntaa_tf.search.supernet import Supernet"),
        ("data", "from ntaa_tf.search import supernet"),
        ("zoo", "from ntaa_tf.search.supernet import Supernet"),
        ("search", "from ntaa_tf.recipe import Recipe"),
        ("report", "def late():\n    from ntaa_tf.pipeline import run"),
        ("search", "from . import derive"),
        ("export", "from tools import torture"),
        ("stages", "import tests.models"),
        ("layers", "from tensorflow.keras import layers"),
        ("layers", "from tensorflow import keras"),
        ("layers", "import tensorflow as tf\ntf.keras.layers.Dense(1)"),
        ("storage", "import pickle"),
        ("storage", "from joblib import dump"),
    ],
)
def test_a_violation_is_found(part, source):
    assert find_violations(part, source)


def test_what_is_allowed_is_no_violation():
    source = "import keras\nimport tensorflow as tf\nkeras.layers.Dense(1)"
    assert find_violations("layers", source) == []
    below = "from ntaa_tf import geometry\nfrom ntaa_tf.layers import grid"
    assert find_violations("layers", below) == []
