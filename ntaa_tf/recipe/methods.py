"""The methods: how each finds an architecture and its initial weights.

`BILEVEL` and `ACROSS_DOMAINS` are the same word, but not the same thing: the
first is a way to search, which three methods share, the second the method of
this name.
"""

from dataclasses import dataclass

# Ways to the architecture, the values of `Method.search`.
JOINT = "joint"
BILEVEL = "bilevel"
EVOLUTION = "evolution"
RANDOM = "random"
GIVEN = "given"
NOTHING = "nothing"

# Initial weights of finetuning, the values of `Method.weights`.
INHERIT = "inherit"
SCRATCH = "scratch"
TRANSFER = "transfer"
WEIGHTS = (INHERIT, SCRATCH, TRANSFER)


@dataclass(frozen=True)
class Method:
    """A way from a source model to an adapted one.

    `recipe.adaptation.method` is the name of a method, and
    `recipe.adaptation.plan` is this object.

    Args:
        search: way to the architecture: `joint` trains weights and logits on
            the same batches; `bilevel` trains them on halves of the data or
            on two domains; `evolution` trains single paths and searches among
            them; `random` draws an architecture; `given` reads one from a
            file; `nothing` keeps the source's.
        weights: initial weights of finetuning: `inherit` takes the weights of
            the supernet or of the source, `scratch` draws new ones,
            `transfer` trains new ones on another data set first.
        self_supervises: whether the supernet is first pretrained without
            labels; the search then trains only the logits and the head.
    """

    search: str
    weights: str
    self_supervises: bool = False

    @property
    def trains_supernet(self) -> bool:
        """Whether the search trains a supernet, for `--search_epochs`."""
        return self.search in (JOINT, BILEVEL, EVOLUTION)


# The method whose weights learn from a source domain, and its logits from the
# target domain.
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
