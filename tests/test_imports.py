"""Imports inside the package point down, as the design has it."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "ntaa_tf"
MODULES = sorted(PACKAGE.rglob("*.py"))

# What each file or folder of the package may import, itself aside.
FOUNDATION = {
    *{"architecture", "files", "geometry", "graph", "layers", "model_files"},
    "size",
}
MEANS = {
    *{"data", "divergence", "export", "formats", "machine", "report"},
    *{"optimizer", "search", "tasks", "training", "workdir", "zoo"},
}
MAY_IMPORT = {
    "architecture": set(),
    "files": set(),
    "formats": set(),
    "geometry": set(),
    "graph": {"geometry"},
    "layers": {"geometry"},
    "limit": set(),
    "machine_failures": set(),
    "model_files": {"files"},
    "size": set(),
    "distribute": {"files"},
    "methods": set(),
    "metrics": set(),
    "recipe": {"command_line", "formats", "limit", "methods", "size"},
    "data": {"files", "machine_failures", "size"},
    "zoo": {"distribute", "files", "geometry", "graph", "layers", "size"},
    "costs": {"graph", "layers"},
    "search": FOUNDATION | {"costs", "distribute", "losses"},
    "command_line": set(),
    "divergence": set(),
    "machine": set(),
    "optimizer": {"distribute"},
    "remaining_time": set(),
    "training": FOUNDATION
    | {"distribute", "divergence", "remaining_time", "search"},
    "losses": {"distribute"},
    "tasks": FOUNDATION | {"data", "divergence", "losses", "metrics"},
    "export": FOUNDATION | {"formats"},
    "report": FOUNDATION,
    "workdir": FOUNDATION,
    "stages": FOUNDATION
    | MEANS
    | {"costs", "distribute", "methods", "recipe", "runs"},
    "feasibility": {"data", "machine", "methods", "recipe", "search"},
    "runs": {"distribute", "recipe", "workdir"},
    "inputs": FOUNDATION
    | MEANS
    | {"methods", "recipe", "stages", "feasibility"},
    "pipeline": FOUNDATION
    | MEANS
    | {"methods", "recipe", "runs", "inputs", "stages", "feasibility"}
    | {"distribute"},
    "adapt": MEANS
    | {"command_line", "distribute", "machine_failures"}
    | {"recipe", "runs", "pipeline"},
    "pretrain": {
        *("adapt", "command_line", "distribute", "pipeline", "recipe"),
    },
    "__init__": FOUNDATION | {"optimizer", "search"},
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


def find_violations(part, source):
    """List what a file of a part of the package must not contain."""
    tree = ast.parse(source)
    imported = list(list_imports(tree))
    allowed = MAY_IMPORT[part] | {part}
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
    part = name_part(path)
    assert part in MAY_IMPORT, f"Say in MAY_IMPORT what {part} may import."
    assert find_violations(part, path.read_text("utf-8")) == []


def test_every_part_of_the_table_exists():
    assert set(MAY_IMPORT) == {name_part(path) for path in MODULES}


def test_no_two_parts_may_import_each_other():
    """Followed down, the table ends."""
    below = {name: set(allowed) for name, allowed in MAY_IMPORT.items()}
    while below:
        lowest = {name for name, allowed in below.items() if not allowed}
        assert lowest, f"A circle of imports among {sorted(below)}."
        below = {
            name: allowed - lowest
            for name, allowed in below.items()
            if name not in lowest
        }


def test_only_the_top_knows_recipes():
    knowing = {n for n, allowed in MAY_IMPORT.items() if "recipe" in allowed}
    assert knowing == {
        "adapt",
        "pipeline",
        "pretrain",
        "inputs",
        "runs",
        "feasibility",
        "stages",
    }


@pytest.mark.parametrize(
    ("part", "source"),
    [
        ("graph", "from ntaa_tf.layers.mixed_op import MixedOp"),
        ("graph", "from ntaa_tf import search"),
        ("graph", "import ntaa_tf"),
        ("layers", "import ntaa_tf.graph.walk"),
        ("layers", "from ntaa_tf.search.joint import Supernet"),
        ("data", "from ntaa_tf.search import joint"),
        ("zoo", "from ntaa_tf.search.joint import Supernet"),
        ("search", "from ntaa_tf.recipe import Recipe"),
        ("report", "def late():\n    from ntaa_tf.pipeline import run"),
        ("search", "from . import derive"),
        ("export", "from tools import compare_runs"),
        ("stages", "import tests.models"),
        ("layers", "from tensorflow.keras import layers"),
        ("layers", "from tensorflow import keras"),
        ("layers", "import tensorflow as tf\ntf.keras.layers.Dense(1)"),
        ("files", "import pickle"),
        ("files", "from joblib import dump"),
    ],
)
def test_a_violation_is_found(part, source):
    assert find_violations(part, source)


def test_what_is_allowed_is_no_violation():
    source = "import keras\nimport tensorflow as tf\nkeras.layers.Dense(1)"
    assert find_violations("layers", source) == []
    below = "from ntaa_tf import geometry\nfrom ntaa_tf.layers import grid"
    assert find_violations("layers", below) == []
