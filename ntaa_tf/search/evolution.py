"""Evolutionary search of the best architecture of a supernet."""

import logging
from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ntaa_tf.storage.files import read_json
from ntaa_tf.storage.files import write_json

logger = logging.getLogger(__name__)

DRAWS = 1000

# The index of the option of each choice, in the order of the choices.
Genes = tuple[int, ...]


@dataclass(frozen=True)
class EvolutionSettings:
    """The size of an evolution.

    Args:
        population: number of architectures in a generation.
        generations: number of generations after the first, random one.
        parents: number of the best architectures that breed the next
            generation.
        mutation: probability that an option is drawn anew.

    Source: Guo et al., "Single Path One-Shot Neural Architecture Search with
    Uniform Sampling", 2020, algorithm 1.
    """

    population: int = 50
    generations: int = 20
    parents: int = 10
    mutation: float = 0.1


class Evolution:
    """A resumable evolutionary search.

    Half of every generation are mutations of the parents, half are crossovers
    of two parents. No architecture is scored twice.

    An evolution resumes by running again from the start with the same seed.
    Draws depend on scores only through the ranking, and the scores come from
    the file, so it repeats the same generations without scoring them.

    Args:
        num_options: number of options of each choice.
        score: a function that returns the score of an architecture; larger is
            better.
        first: an allowed architecture, the first of the first generation.
        allows: a function that returns whether an architecture is allowed.
        settings: the size of the evolution.
        seed: random seed.
        file: a file that keeps the scores, for resuming.

    Example:
    >>> evolution = Evolution([3, 3], lambda genes: sum(genes), first=(0, 0))
    >>> evolution.run()
    (2, 2)
    """

    def __init__(
        self,
        num_options: Sequence[int],
        score: Callable[[Genes], float],
        first: Genes,
        allows: Callable[[Genes], bool] = lambda genes: True,
        settings: EvolutionSettings = EvolutionSettings(),
        seed: int = 0,
        file: Path | None = None,
    ):
        self._num_options = list(num_options)
        self._score = score
        self._first = first
        self._allows = allows
        self._settings = settings
        self._rng = np.random.default_rng(seed)
        self._file = file
        # Unlike `scores`, it starts empty when the evolution resumes, so that
        # the same architectures count as new.
        self._visited: set[Genes] = set()
        self.scores: dict[Genes, float] = {}
        if file is not None and file.exists():
            self.scores = _read(file)

    def run(self) -> Genes:
        """Return the architecture with the best score."""
        settings = self._settings
        generation = [self._first]
        generation += self._collect(
            self._draw, settings.population - 1, generation
        )
        self._evaluate(generation)
        for index in range(settings.generations):
            parents = self._rank(generation)[: settings.parents]
            children = self._breed(parents)
            if not children:
                break  # A small search space is exhausted.
            self._evaluate(children)
            # The parents stay, so the best score never decreases.
            generation = [*parents, *children]
            best = self._rank(generation)[0]
            logger.info(
                "generation %d of %d: best score %.4f",
                index + 1,
                settings.generations,
                self.scores[best],
            )
        return self._rank(generation)[0]

    def _breed(self, parents: list[Genes]) -> list[Genes]:
        """Return new architectures: mutations, crossovers, random ones.

        The random ones fill the places for which mutation and crossover found
        no new architecture.
        """
        half = self._settings.population // 2

        def choose() -> Genes:
            return parents[self._rng.integers(len(parents))]

        children = self._collect(lambda: self._mutate(choose()), half, [])
        crossed = self._collect(
            lambda: self._cross(choose(), choose()), half, children
        )
        children += crossed
        missing = self._settings.population - len(children)
        return children + self._collect(self._draw, missing, children)

    def _collect(
        self, make: Callable[[], Genes], count: int, taken: list[Genes]
    ) -> list[Genes]:
        """Make up to `count` architectures that are allowed and new.

        It gives up after `DRAWS` attempts, because there may be too few.
        """
        found: list[Genes] = []
        for _ in range(DRAWS):
            if len(found) >= count:
                break
            genes = make()
            known = genes in self._visited or genes in taken or genes in found
            if not known and self._allows(genes):
                found.append(genes)
        return found

    def _draw(self) -> Genes:
        return tuple(int(self._rng.integers(n)) for n in self._num_options)

    def _mutate(self, genes: Genes) -> Genes:
        """Draw each option anew with the probability of a mutation."""
        mutates = self._rng.random(len(genes)) < self._settings.mutation
        drawn = self._draw()
        return tuple(
            new if changes else old
            for old, new, changes in zip(genes, drawn, mutates, strict=True)
        )

    def _cross(self, first: Genes, second: Genes) -> Genes:
        """Take each option from one of two parents, with equal probability."""
        takes = self._rng.random(len(first)) < 0.5
        return tuple(
            a if own else b
            for a, b, own in zip(first, second, takes, strict=True)
        )

    def _evaluate(self, generation: list[Genes]) -> None:
        """Score the architectures that have no score yet."""
        for genes in generation:
            self._visited.add(genes)
            if genes not in self.scores:
                self.scores[genes] = self._score(genes)
                self._write()

    def _rank(self, generation: list[Genes]) -> list[Genes]:
        """Sort architectures, best score first."""
        return sorted(generation, key=lambda genes: -self.scores[genes])

    def _write(self) -> None:
        if self._file is not None:
            scores = [[list(g), score] for g, score in self.scores.items()]
            write_json(self._file, scores)


def _read(file: Path) -> dict[Genes, float]:
    return {tuple(genes): score for genes, score in read_json(file)}
