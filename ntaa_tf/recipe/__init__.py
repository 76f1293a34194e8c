"""Every choice of a run: what it means, may be, and is by default."""

from ntaa_tf.recipe.groups import GROUPS
from ntaa_tf.recipe.names import ATTRIBUTES
from ntaa_tf.recipe.names import BUDGETS
from ntaa_tf.recipe.names import CLASSIFICATION
from ntaa_tf.recipe.names import LOGITS_REST
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.variants import list_tuned
from ntaa_tf.recipe.variants import make_baseline
from ntaa_tf.recipe.variants import shrink

__all__ = [
    "ATTRIBUTES",
    "BUDGETS",
    "CLASSIFICATION",
    "GROUPS",
    "LOGITS_REST",
    "Recipe",
    "list_tuned",
    "make_baseline",
    "shrink",
]
