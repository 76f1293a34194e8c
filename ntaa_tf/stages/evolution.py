"""The end of a search by single paths: evolution chooses the best path."""

from collections.abc import Callable
from pathlib import Path

from ntaa_tf.assembly.search_space import SearchSpace
from ntaa_tf.layers.choice import Choice
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.evolution import Evolution
from ntaa_tf.search.evolution import EvolutionSettings
from ntaa_tf.search.evolution import Genes

SCORES_FILE = "evolution.json"


def choose_best_path(
    recipe: Recipe,
    space: SearchSpace,
    evaluate: Callable[[], float],
    directory: Path,
) -> None:
    """Set every choice of a supernet to the best path that evolution finds.

    Args:
        recipe: recipe with the size of the evolution.
        space: supernet, trained with the relaxation `single_path`, and budget.
        evaluate: function that returns the score of the supernet's present
            path.
        directory: directory that gets the scores, in `evolution.json`.
    """
    choices, budget = space.supernet.choices, space.budget

    def score(genes: Genes) -> float:
        for choice, gene in zip(choices, genes, strict=True):
            choice.drawn.assign(gene)
        return evaluate()

    def allows(genes: Genes) -> bool:
        return budget is None or budget.keeps(_name(choices, genes))

    evolution = Evolution(
        [len(choice.options) for choice in choices],
        score,
        _find_first(space),
        allows,
        EvolutionSettings(
            recipe.search.evolution_population,
            recipe.search.evolution_generations,
        ),
        recipe.output.seed,
        directory / SCORES_FILE,
    )
    best = evolution.run()
    for choice, gene in zip(choices, best, strict=True):
        choice.choose(choice.options[gene])


def _find_first(space: SearchSpace) -> Genes:
    """Return the source's own path, or the nearest one within the budget."""
    choices = space.supernet.choices
    if space.budget is None:
        return (0,) * len(choices)
    chosen = space.budget.choose(space.supernet)
    return tuple(c.options.index(chosen[c.name]) for c in choices)


def _name(choices: list[Choice], genes: Genes) -> dict[str, str]:
    """Return the option of each choice on a path."""
    return {
        choice.name: choice.options[gene]
        for choice, gene in zip(choices, genes, strict=True)
    }
