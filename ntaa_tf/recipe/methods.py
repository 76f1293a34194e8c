"""The methods: how each finds an architecture and its initial weights."""

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
        search: way to the architecture: `joint` trains weights and logits on
            the same batches, `bilevel` on halves of the data or on two
            domains, `evolution` trains single paths and searches among them,
            `random` draws one, `given` reads one from a file, and `nothing`
            keeps the source's.
        weights: initial weights of finetuning: inherited, from scratch, or
            trained from scratch on another data set first (`transfer`).
        self_supervises: whether the supernet learns without labels first; the
            search then trains only the logits and the head.
    """

    search: str
    weights: str
    self_supervises: bool = False

    @property
    def trains_supernet(self) -> bool:
        """Whether a part of the epochs trains a supernet."""
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
