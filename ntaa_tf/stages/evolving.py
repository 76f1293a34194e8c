"""How a supernet of single paths ends: at the path that evolution finds."""

from collections.abc import Callable
from pathlib import Path

from ntaa_tf.layers.choice import Choice
from ntaa_tf.recipe import Recipe
from ntaa_tf.search.budget import Budget
from ntaa_tf.search.evolution import Evolution
from ntaa_tf.search.evolution import EvolutionSettings
from ntaa_tf.search.evolution import Genes
from ntaa_tf.search.supernet import Supernet

SCORES_FILE = "evolution.json"


def keep_best_path(
    recipe: Recipe,
    supernet: Supernet,
    evaluate: Callable[[], float],
    budget: Budget | None,
    directory: Path,
) -> float:
    """Choose at every site what the best path found by evolution takes there.

    Args:
        recipe: how large the evolution is.
        supernet: trained with the relaxation `single_path`.
        evaluate: gives the accuracy of the path that the supernet now takes.
        budget: what a path may cost.
        directory: where the scores are kept.

    Returns:
        The accuracy of the best path.
    """
    choices = supernet.choices

    def score(genes: Genes) -> float:
        for choice, gene in zip(choices, genes, strict=True):
            choice.drawn.assign(gene)
        return evaluate()

    def allows(genes: Genes) -> bool:
        return budget is None or budget.keeps(_name(choices, genes))

    evolution = Evolution(
        [len(choice.options) for choice in choices],
        score,
        _find_first(supernet, budget),
        allows,
        EvolutionSettings(
            recipe.evolution_population, recipe.evolution_generations
        ),
        recipe.seed,
        directory / SCORES_FILE,
    )
    best = evolution.run()
    for choice, gene in zip(choices, best, strict=True):
        choice.choose(choice.options[gene])
    return evolution.scores[best]


def _find_first(supernet: Supernet, budget: Budget | None) -> Genes:
    """Give the source's own architecture, or what the budget has of it."""
    if budget is None:
        return (0,) * len(supernet.choices)
    chosen = budget.choose(supernet)
    return tuple(c.options.index(chosen[c.name]) for c in supernet.choices)


def _name(choices: list[Choice], genes: Genes) -> dict[str, str]:
    return {
        choice.name: choice.options[gene]
        for choice, gene in zip(choices, genes, strict=True)
    }
