"""Choices of the architecture search."""

from dataclasses import dataclass

from ntaa_tf.recipe.choices import Section
from ntaa_tf.recipe.choices import choice
from ntaa_tf.recipe.conditions import BY_BILEVEL_SEARCH
from ntaa_tf.recipe.conditions import BY_EVOLUTION
from ntaa_tf.recipe.conditions import ENDS_AT_THE_ARGMAX
from ntaa_tf.recipe.conditions import LEARNS_LOGITS
from ntaa_tf.recipe.conditions import LEARNS_LOGITS_OF_SITES
from ntaa_tf.recipe.conditions import MIXES_LABELLED_SITES
from ntaa_tf.recipe.conditions import SEARCHES_SITES
from ntaa_tf.recipe.conditions import USES_NEW_KERNELS
from ntaa_tf.recipe.values import EXPECTATION
from ntaa_tf.recipe.values import LOGITS_REST
from ntaa_tf.recipe.values import RELAXATIONS


@dataclass(frozen=True)
class Search(Section):
    """Sites, candidates, and the joint training of weights and logits."""

    title = "Search"

    sites: str = choice(
        "all",
        "Sites, the convolutions to search: all, spatial (kernels larger than "
        "1x1), last:N, or a regular expression of their names.",
        "convolutions to search: all, spatial, last:N",
        used_with=SEARCHES_SITES,
    )
    candidates: str = choice(
        "ntaa",
        "Candidates of a site: a search space (ntaa, ntaa_dense, "
        "ntaa_depthwise), or operations separated by commas.",
        used_with=SEARCHES_SITES,
    )
    skip_inputs: int = choice(
        1,
        "Number of preceding layers, 1 to 3, from which a site chooses its "
        "input.",
        minimum=1,
        maximum=3,
        used_with=SEARCHES_SITES,
    )
    candidate_weights: str = choice(
        "inherit",
        "Initial kernels of new candidates: inherit takes the source's, random "
        "draws new ones.",
        options=("inherit", "random"),
        used_with=USES_NEW_KERNELS,
    )
    scale_weight_free: bool = choice(
        False,
        "Scaling of candidates without weights to the standard deviation of "
        "the source's operation at their site.",
        used_with=MIXES_LABELLED_SITES,
    )
    start: str = choice(
        "exact",
        "Start of the mixture: exact begins as the source model, with larger "
        "kernels that nest around the source's; paper begins with all "
        "candidates mixed, each with a kernel of its own.",
        options=("exact", "paper"),
        used_with=USES_NEW_KERNELS,
    )
    end: str = choice(
        "exact",
        "End of the mixture: exact anneals to the largest logits, paper mixes "
        "all candidates to the last step.",
        options=("exact", "paper"),
        used_with=LEARNS_LOGITS,
    )
    source_lead: float | None = choice(
        None,
        "Lead of the source's operation at the start: by how much its initial "
        "logit exceeds the others. With --start=exact candidates that begin "
        "as the source's operation have the same lead. Default: 3; with "
        "--start=paper 1, or 0 for unsupervised.",
        minimum=0.0,
        used_with=LEARNS_LOGITS_OF_SITES,
    )
    warm_up: float = choice(
        0.25,
        "Warm-up of the architecture: share of the search in which weights "
        "learn and logits rest.",
        minimum=0,
        below=1,
        used_with=LEARNS_LOGITS,
    )
    source_penalty: float = choice(
        0.0,
        "Strength of the paper's penalty on the logits of the source's "
        "operations. Where the loss shows no difference it prefers the other "
        "candidates, larger kernels among them.",
        minimum=0.0,
        used_with=LEARNS_LOGITS_OF_SITES,
    )
    cost_weight: float = choice(
        0.0,
        "Strength of the penalty on the expected MACs, as a share of the MACs "
        "of the source model.",
        minimum=0.0,
        used_with=LEARNS_LOGITS_OF_SITES,
    )
    confidence: float = choice(
        0.0,
        "Margin of probability by which an operation must exceed the source's "
        "to replace it.",
        minimum=0,
        below=1,
        used_with=LEARNS_LOGITS_OF_SITES,
    )
    price: float = choice(
        0.1,
        "Price of a change: the share of the loss that a doubling of the MACs "
        "has to save on images held out from the search. A change that does "
        "not earn it is taken back; an operation that saves MACs may lose as "
        "much. 0 holds out no images and takes nothing back.",
        minimum=0.0,
        used_with=ENDS_AT_THE_ARGMAX,
    )
    relaxation: str = choice(
        EXPECTATION,
        "Relaxation of the choice: expectation mixes all candidates in every "
        "step, gumbel evaluates one drawn by the logits, single_path one drawn "
        "uniformly, among which evolution finds the best.",
        options=RELAXATIONS,
        used_with=MIXES_LABELLED_SITES,
    )
    unrolled: bool = choice(
        False,
        "Second-order gradients of the logits, through one step of the "
        "weights; three times the cost.",
        used_with=BY_BILEVEL_SEARCH,
    )
    evolution_population: int = choice(
        50,
        "Number of architectures in a generation of evolution.",
        minimum=1,
        used_with=BY_EVOLUTION,
    )
    evolution_generations: int = choice(
        20,
        "Number of generations of evolution after the first.",
        minimum=0,
        used_with=BY_EVOLUTION,
    )
    architecture_learning_rate: float = choice(
        0.3,
        "Learning rate of the logits.",
        minimum=0.0,
        used_with=LEARNS_LOGITS,
    )
    architecture_optimizer: str = choice(
        "sgd",
        "Optimizer of the logits: sgd, adam, or adam_decoupled, which applies "
        "the penalties beside the adaptive step.",
        options=("sgd", "adam", "adam_decoupled"),
        used_with=LEARNS_LOGITS,
    )

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.end == "exact" and self.warm_up >= LOGITS_REST:
            raise ValueError(
                f"--warm_up must be below {LOGITS_REST} with --end=exact, as "
                f"the logits rest from there on. Received: {self.warm_up}."
            )
