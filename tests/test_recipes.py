"""Every recipe is one that a run can follow."""

import subprocess
import sys
from pathlib import Path

RECIPES = sorted((Path(__file__).parents[1] / "recipes").glob("*.flags"))

PARSE = """
import dataclasses, sys
from absl import flags
from ntaa_tf.adapt import define_flags
from ntaa_tf.recipe import Recipe
define_flags()
for file in sys.argv[1:]:
    flags.FLAGS.unparse_flags()
    for name in (field.name for field in dataclasses.fields(Recipe)):
        flags.FLAGS[name].unparse()
    flags.FLAGS(["adapt", f"--flagfile={file}"])
    values = flags.FLAGS.flag_values_dict()
    names = (field.name for field in dataclasses.fields(Recipe))
    recipe = Recipe(**{name: values[name] for name in names})
    print(recipe.task, recipe.total_epochs)
"""


def test_every_recipe_can_be_followed():
    result = subprocess.run(
        [sys.executable, "-c", PARSE, *RECIPES], capture_output=True, text=True
    )
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == len(RECIPES) > 5


def test_every_recipe_says_how_it_is_run():
    for recipe in RECIPES:
        text = recipe.read_text("utf-8")
        assert f"--flagfile=recipes/{recipe.name}" in text
