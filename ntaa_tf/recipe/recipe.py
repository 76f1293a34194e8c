"""The recipe: every choice of a run, in sections."""

import dataclasses
import difflib
from collections.abc import Iterable
from collections.abc import Iterator
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ntaa_tf.recipe.choices import ChoiceDescription
from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import get_description
from ntaa_tf.recipe.conditions import ENDS_AT_THE_ARGMAX
from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.recipe.methods import INHERIT
from ntaa_tf.recipe.methods import JOINT
from ntaa_tf.recipe.renamed import MESSAGES
from ntaa_tf.recipe.sections.adaptation import Adaptation
from ntaa_tf.recipe.sections.attributes import Attributes
from ntaa_tf.recipe.sections.cells import Cells
from ntaa_tf.recipe.sections.compute import Compute
from ntaa_tf.recipe.sections.data import Data
from ntaa_tf.recipe.sections.distillation import Distillation
from ntaa_tf.recipe.sections.domains import Domains
from ntaa_tf.recipe.sections.limits import Limits
from ntaa_tf.recipe.sections.output import Output
from ntaa_tf.recipe.sections.retrieval import Retrieval
from ntaa_tf.recipe.sections.search import Search
from ntaa_tf.recipe.sections.source import Source
from ntaa_tf.recipe.sections.training import Training
from ntaa_tf.recipe.sections.unsupervised import Unsupervised
from ntaa_tf.recipe.values import JOINT_SCHEDULE

# The sections by the name of the recipe's field, in the order of the help.
SECTIONS: Mapping[str, type[Section]] = {
    "source": Source,
    "data": Data,
    "adaptation": Adaptation,
    "search": Search,
    "limits": Limits,
    "training": Training,
    "distillation": Distillation,
    "compute": Compute,
    "output": Output,
    "retrieval": Retrieval,
    "attributes": Attributes,
    "domains": Domains,
    "unsupervised": Unsupervised,
    "cells": Cells,
}


@dataclass(frozen=True)
class Recipe:
    """All choices of a run, in sections; each field of a section is a flag.

    `make_recipe` builds one from choices by their flat names, and checks it.

    Args:
        source: the source model.
        data: the data set and its images.
        adaptation: the method, and what is compared with it.
        search: the architecture search.
        limits: the most that the derived model may cost.
        training: epochs, batches, and the optimizer of the weights.
        distillation: a teacher beside the labels.
        compute: precision, memory and devices.
        output: run directory, exported formats, seed.
        retrieval: the retrieval task.
        attributes: the attributes task.
        domains: a source domain beside the target.
        unsupervised: a supernet that learns without labels.
        cells: a network of searched cells.
        given: names of the choices that the user made, without those of a
            preset. A given choice that has no effect is refused.
    """

    source: Source
    data: Data
    adaptation: Adaptation
    search: Search
    limits: Limits
    training: Training
    distillation: Distillation
    compute: Compute
    output: Output
    retrieval: Retrieval
    attributes: Attributes
    domains: Domains
    unsupervised: Unsupervised
    cells: Cells
    given: frozenset[str] = dataclasses.field(
        default=frozenset(), compare=False
    )

    def to_dict(self) -> dict[str, Any]:
        """Return every choice by its flat name, as `recipe.json` keeps it."""
        return {
            field.name: getattr(getattr(self, section), field.name)
            for section, field, _ in list_choices()
        }

    @property
    def slows_new_kernels(self) -> bool:
        """Whether new kernels learn more slowly than inherited ones.

        It is False for the paper's training, and for `unrolled` gradients,
        which differentiate through a step of the weights.
        """
        search = self.search
        inherits = (
            search.candidate_weights == "inherit" and not self.source.has_cells
        )
        return inherits and search.start == "exact" and not search.unrolled

    @property
    def judges_changes(self) -> bool:
        """Whether changes have to earn their price on held-out images."""
        return self.search.price > 0 and ENDS_AT_THE_ARGMAX.holds(self)

    @property
    def searched_epochs(self) -> int:
        """Epochs of the search; 0 for a method that trains no supernet.

        Finetuning has the other epochs.
        """
        trains_supernet = self.adaptation.plan.trains_supernet
        return self.training.search_epochs if trains_supernet else 0

    @property
    def one_cosine(self) -> bool:
        """Whether one learning-rate cosine spans search and finetuning.

        Finetuning begins a cosine of its own if its initial weights are new,
        were frozen in the search, or learnt in single paths or from half of
        the data. Without a search there is one cosine.
        """
        plan = self.adaptation.plan
        # Evolution trains single paths. Bilevel searches train the weights on
        # half of the data; only between two domains on all source images.
        trains_fully = (
            plan.search == JOINT or self.adaptation.method == ACROSS_DOMAINS
        )
        continues_search = (
            trains_fully
            and plan.weights == INHERIT
            and not plan.self_supervises
        )
        return self.training.schedule == JOINT_SCHEDULE and (
            continues_search or not plan.trains_supernet
        )

    @property
    def is_baseline(self) -> bool:
        """Whether the run is what others call the baseline."""
        return (
            self.adaptation.method == "finetune"
            and not self.distillation.distill
        )

    @property
    def is_taught_by_baseline(self) -> bool:
        """Whether the baseline is the teacher of the run."""
        choices = self.distillation
        return (
            choices.distill
            and choices.teacher is None
            and choices.teacher_image_size is None
        )

    @property
    def has_baseline(self) -> bool:
        """Whether the run also trains the baseline, and compares with it."""
        if self.is_baseline:
            return False
        return self.adaptation.baseline is not False


def list_choices() -> Iterator[
    tuple[str, dataclasses.Field[Any], ChoiceDescription]
]:
    """List the section, the field and the description of every choice."""
    for name, section in SECTIONS.items():
        for field in dataclasses.fields(section):
            yield name, field, get_description(field)


def list_unused(recipe: Recipe) -> frozenset[str]:
    """List the choices that have no effect on the run of a recipe.

    Example:
    >>> "stripes" in list_unused(make_recipe(task="classification"))
    True
    """
    return frozenset(
        field.name
        for _, field, described in list_choices()
        if described.used_with is not None
        and not described.used_with.holds(recipe)
    )


def fill_sections(
    values: Mapping[str, Any], given: frozenset[str] = frozenset()
) -> Recipe:
    """Build a recipe without checking that its choices fit together.

    Each section still checks the bounds of its own choices.

    Args:
        values: choices by their flat names; all others are defaults.
        given: names of the choices that a user made.

    Raises:
        ValueError: if a choice is unknown or out of its bounds.
    """
    _check_known(values)
    sections: dict[str, dict[str, Any]] = {name: {} for name in SECTIONS}
    for section, field, _ in list_choices():
        if field.name in values:
            sections[section][field.name] = values[field.name]
    built = {
        name: SECTIONS[name](**chosen) for name, chosen in sections.items()
    }
    return Recipe(**built, given=given)  # type: ignore[arg-type]


def _check_known(names: Iterable[str]) -> None:
    """Raise a ValueError if a choice is unknown, with the nearest name."""
    known = [field.name for _, field, _ in list_choices()]
    for name in names:
        if name in MESSAGES:
            raise ValueError(MESSAGES[name])
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1)
            meant = f" Did you mean --{near[0]}?" if near else ""
            raise ValueError(f"There is no choice --{name}.{meant}")
