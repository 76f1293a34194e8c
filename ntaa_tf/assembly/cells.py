"""Networks of cells: the supernet, and the network of the baseline."""

import keras

from ntaa_tf import zoo
from ntaa_tf.architecture import Architecture
from ntaa_tf.architecture import SiteChoice
from ntaa_tf.graph.rewrite import rewrite
from ntaa_tf.graph.rewrite import single_or_list
from ntaa_tf.image_size import Size
from ntaa_tf.layers.cells import PLAIN_CELL
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.derive import collapse
from ntaa_tf.search.supernet import Supernet
from ntaa_tf.tasks.task import Task


def build_cells(
    recipe: Recipe, image_size: Size, num_classes: int, task: Task
) -> Supernet:
    """Build a network with every operation on every edge of its cells.

    Args:
        recipe: recipe of the run.
        image_size: height and width in pixels.
        num_classes: number of classes, or identities, of the head.
        task: task of the recipe.
    """
    seed, cells = recipe.output.seed, recipe.cells
    keras.utils.set_random_seed(seed)
    features = zoo.build_autoreid(
        image_size,
        cells.cell_search_space or recipe.data.task,
        cells.cell_channels,
        cells.cells_per_block,
        seed,
    )
    network = task.attach_head(features, num_classes, seed)
    return Supernet(*single_or_list(network), name=network.name)


def build_plain_cells(
    recipe: Recipe, image_size: Size, num_classes: int, task: Task
) -> keras.Model:
    """Build the baseline of cells: the same network with a plain cell.

    Args:
        recipe: recipe of the run.
        image_size: height and width in pixels.
        num_classes: number of classes, or identities, of the head.
        task: task of the recipe.
    """
    supernet = build_cells(recipe, image_size, num_classes, task)
    sites = {
        f"{choice.name}_{edge}": SiteChoice(operation)
        for choice in supernet.choices
        for edge, operation in PLAIN_CELL.items()
    }
    # New weights, drawn as for a derived network that trains from scratch.
    return rewrite(collapse(supernet, Architecture(sites)), fresh=True)
