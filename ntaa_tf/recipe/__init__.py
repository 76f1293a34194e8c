"""Every choice of a run, in sections, with the rules that join them."""

from ntaa_tf.recipe.making import make_recipe
from ntaa_tf.recipe.making import replace
from ntaa_tf.recipe.making import switch
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.variants import count_smoke_examples
from ntaa_tf.recipe.variants import list_trials
from ntaa_tf.recipe.variants import make_baseline
from ntaa_tf.recipe.variants import make_teacher
from ntaa_tf.recipe.variants import shrink

__all__ = [
    "Recipe",
    "count_smoke_examples",
    "list_trials",
    "make_baseline",
    "make_recipe",
    "make_teacher",
    "replace",
    "shrink",
    "switch",
]
