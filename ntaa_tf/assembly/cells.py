"""Networks of cells: what is searched, and what nobody searched."""

import keras

from ntaa_tf import zoo
from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.assembly.task import make_task
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.image_size import Size
from ntaa_tf.layers.cells import PLAIN_CELL
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.supernet import Supernet


def make_cells(recipe: Recipe, image_size: Size, num_classes: int) -> Supernet:
    """Make a network with every operation on every edge of its cells.

    Args:
        recipe: the choices.
        image_size: height and width in pixels.
        num_classes: of the head.
    """
    keras.utils.set_random_seed(recipe.seed)
    features = zoo.build_cells(
        image_size,
        recipe.search_space or recipe.task,
        recipe.channels,
        recipe.cells_per_block,
        recipe.seed,
    )
    task = make_task(recipe)
    network = task.attach_head(features, num_classes, recipe.seed)
    return Supernet(*single_or_list(network), name=network.name)


def make_plain_cells(
    recipe: Recipe, image_size: Size, num_classes: int
) -> keras.Model:
    """Make the same network with the cell that nobody searched, plainly."""
    supernet = make_cells(recipe, image_size, num_classes)
    sites = {
        f"{choice.name}_{edge}": SiteChoice(operation)
        for choice in supernet.choices
        for edge, operation in PLAIN_CELL.items()
    }
    # As those that are derived begin where they are trained from scratch.
    return rewrite(collapse(supernet, Architecture(sites)), fresh=True)
