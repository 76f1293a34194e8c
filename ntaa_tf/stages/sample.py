"""The stage `search` of methods that draw or read an architecture."""

from pathlib import Path
from typing import Any

from ntaa_tf.assembly.assembly import Assembly
from ntaa_tf.recipe.methods import RANDOM
from ntaa_tf.search.sampling import draw_uniformly
from ntaa_tf.stages.architecture_picture import log_picture
from ntaa_tf.stages.collapse import derive_architecture
from ntaa_tf.stages.collapse import save_collapsed


def sample_architecture(assembly: Assembly, directory: Path) -> dict[str, Any]:
    """Draw an architecture uniformly, or take the one of --architecture.

    Args:
        assembly: what the stages share.
        directory: directory of this stage; it gets `architecture.json` and
            `collapsed.keras`, as from a search.

    Returns:
        The `collapse_difference`: the largest change of an output by the
        collapse; and the `budget`, if the recipe has limits.
    """
    recipe = assembly.recipe
    space = assembly.take_search_space()
    if recipe.adaptation.plan.search == RANDOM:
        draw_uniformly(space.supernet, space.budget, recipe.output.seed)
    architecture, costs = derive_architecture(space, directory)
    log_picture(assembly, architecture, directory)
    difference = save_collapsed(
        assembly, space.supernet, architecture, directory
    )
    return {"collapse_difference": difference, **costs}
