"""What every method does: how it searches, and what its weights begin with."""

from dataclasses import dataclass

JOINT = "joint"
BILEVEL = "bilevel"
EVOLUTION = "evolution"
RANDOM = "random"
GIVEN = "given"
NOTHING = "nothing"

INHERIT = "inherit"
SCRATCH = "scratch"
TRANSFER = "transfer"
WEIGHTS = (INHERIT, SCRATCH, TRANSFER)


@dataclass(frozen=True)
class Method:
    """A way from a source model to an adapted one.

    Args:
        search: how the architecture is found: weights and logits together
            (`joint`), each on data of its own (`bilevel`: halves of the
            training data, or two domains), by evolution in a
            supernet of single paths, drawn at random, given in a file, or not
            searched at all.
        weights: what its weights begin with: inherited, from scratch, or
            pretrained from scratch on another data set (`transfer`).
        self_supervises: whether the supernet learns without labels first, and
            only logits and the head learn in the search.
    """

    search: str
    weights: str
    self_supervises: bool = False

    @property
    def trains_supernet(self) -> bool:
        """Whether a share of the epochs goes into the search."""
        return self.search in (JOINT, BILEVEL, EVOLUTION)


# The method whose logits learn from the target domain.
ACROSS_DOMAINS = "bilevel"
METHODS = {
    "ntaa": Method(JOINT, INHERIT),
    "unsupervised": Method(JOINT, INHERIT, self_supervises=True),
    "finetune": Method(NOTHING, INHERIT),
    "partial": Method(NOTHING, INHERIT),
    "scratch": Method(NOTHING, SCRATCH),
    "random": Method(RANDOM, SCRATCH),
    ACROSS_DOMAINS: Method(BILEVEL, INHERIT),
    "darts": Method(BILEVEL, SCRATCH),
    "darts+transfer": Method(BILEVEL, TRANSFER),
    "spos": Method(EVOLUTION, SCRATCH),
    "spos+transfer": Method(EVOLUTION, TRANSFER),
    "retrain": Method(GIVEN, SCRATCH),
}
