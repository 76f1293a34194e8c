"""Conditions under which choices have an effect, beside `used_with`.

The text of a condition completes two sentences, in the help and in an error:
"Used only with ..." and "Remove it, or choose ...".
"""

from ntaa_tf.recipe.choices import Condition
from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.methods import EVOLUTION
from ntaa_tf.recipe.methods import GIVEN
from ntaa_tf.recipe.methods import INHERIT
from ntaa_tf.recipe.methods import JOINT
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.recipe.values import ATTRIBUTES
from ntaa_tf.recipe.values import CELLS_MODEL
from ntaa_tf.recipe.values import PROVEN
from ntaa_tf.recipe.values import RETRIEVAL
from ntaa_tf.recipe.values import SINGLE_PATH
from ntaa_tf.recipe.values import STRIPES

_SUCH_AS_NTAA = f"such as ntaa, and a model other than {CELLS_MODEL}"

FOR_RETRIEVAL = Condition(
    f"--task={RETRIEVAL}", lambda recipe: recipe.data.task == RETRIEVAL
)
FOR_ATTRIBUTES = Condition(
    f"--task={ATTRIBUTES}", lambda recipe: recipe.data.task == ATTRIBUTES
)
WITH_CELLS = Condition(
    f"--model={CELLS_MODEL}", lambda recipe: recipe.source.has_cells
)
WITH_SITES = Condition(
    f"a model other than {CELLS_MODEL}",
    lambda recipe: not recipe.source.has_cells,
)
WITH_STRIPES = Condition(
    f"--task={RETRIEVAL} --head={STRIPES}",
    lambda recipe: (
        FOR_RETRIEVAL.holds(recipe) and recipe.retrieval.head == STRIPES
    ),
)
# New kernels are never seen where finetuning begins with other weights and no
# supernet was trained before.
USES_NEW_KERNELS = Condition(
    "a method that trains a supernet of sites, or --derived_weights=inherit",
    lambda recipe: (
        not recipe.source.has_cells
        and recipe.adaptation.plan.search != NOTHING
        and (
            recipe.adaptation.plan.trains_supernet
            or recipe.adaptation.plan.weights == INHERIT
        )
    ),
)
SEARCHES_SITES = Condition(
    f"a method that searches sites, {_SUCH_AS_NTAA}",
    lambda recipe: (
        not recipe.source.has_cells
        and recipe.adaptation.plan.search not in (NOTHING, GIVEN)
    ),
)
MIXES_SITES = Condition(
    f"a method that trains a supernet of sites, {_SUCH_AS_NTAA}",
    lambda recipe: (
        not recipe.source.has_cells and recipe.adaptation.plan.trains_supernet
    ),
)
MIXES_LABELLED_SITES = Condition(
    f"a method that trains a supernet of sites with labels, {_SUCH_AS_NTAA}",
    lambda recipe: (
        MIXES_SITES.holds(recipe) and not recipe.adaptation.plan.self_supervises
    ),
)
ENDS_AT_THE_ARGMAX = Condition(
    f"a method that trains a supernet of sites, {_SUCH_AS_NTAA}, and "
    "--end=exact",
    lambda recipe: MIXES_SITES.holds(recipe) and recipe.search.end == "exact",
)
# Single paths are drawn uniformly, and evolution chooses among them.
LEARNS_LOGITS = Condition(
    "a method that trains logits, such as ntaa",
    lambda recipe: (
        recipe.adaptation.plan.trains_supernet
        and recipe.adaptation.plan.search != EVOLUTION
        and recipe.search.relaxation != SINGLE_PATH
    ),
)
LEARNS_LOGITS_OF_SITES = Condition(
    f"a method that trains logits of sites, {_SUCH_AS_NTAA}",
    lambda recipe: not recipe.source.has_cells and LEARNS_LOGITS.holds(recipe),
)
FINETUNES_SEARCHED_WEIGHTS = Condition(
    "a method that finetunes the weights of its search, such as ntaa",
    lambda recipe: (
        (
            recipe.adaptation.plan.search == JOINT
            or recipe.adaptation.method == ACROSS_DOMAINS
        )
        and recipe.adaptation.plan.weights == INHERIT
        and not recipe.adaptation.plan.self_supervises
    ),
)
COMPARES_WITH_BASELINE = Condition(
    "a baseline, which --method=finetune without --distill is itself",
    lambda recipe: recipe.has_baseline,
)
WEIGHS_COSTS = Condition(
    "a baseline and --hand_over=proven",
    lambda recipe: (
        recipe.has_baseline and recipe.adaptation.hand_over == PROVEN
    ),
)
WITH_LABELS = Condition(
    "a method other than unsupervised",
    lambda recipe: not recipe.adaptation.plan.self_supervises,
)
WITHOUT_LABELS = Condition(
    "--method=unsupervised",
    lambda recipe: recipe.adaptation.plan.self_supervises,
)
BY_EVOLUTION = Condition(
    f"--method=spos or --relaxation={SINGLE_PATH}",
    lambda recipe: (
        recipe.adaptation.plan.search == EVOLUTION
        or recipe.search.relaxation == SINGLE_PATH
    ),
)
BY_BILEVEL_SEARCH = Condition(
    "--method=darts, darts+transfer or bilevel",
    lambda recipe: recipe.adaptation.plan.search == BILEVEL,
)
BY_METHOD_BILEVEL = Condition(
    f"--method={ACROSS_DOMAINS}",
    lambda recipe: recipe.adaptation.method == ACROSS_DOMAINS,
)
WITH_SOURCE_DOMAIN = Condition(
    "--source_dataset", lambda recipe: recipe.domains.source_dataset is not None
)
RETRAINS = Condition(
    "--method=retrain", lambda recipe: recipe.adaptation.plan.search == GIVEN
)
FINETUNES_PARTLY = Condition(
    "--method=partial", lambda recipe: recipe.adaptation.method == "partial"
)
TRANSFERS = Condition(
    "a method that transfers, such as darts+transfer",
    lambda recipe: recipe.adaptation.plan.weights == TRANSFER,
)
WITH_TEACHER = Condition(
    "--distill", lambda recipe: recipe.distillation.distill
)
TAUGHT_BY_SOURCE = Condition(
    "--distill and without --teacher",
    lambda recipe: (
        WITH_TEACHER.holds(recipe) and recipe.distillation.teacher is None
    ),
)
COMPARES_LOGITS = Condition(
    f"--distill and a task other than {RETRIEVAL}",
    lambda recipe: (
        WITH_TEACHER.holds(recipe) and not FOR_RETRIEVAL.holds(recipe)
    ),
)
ON_SEVERAL_DEVICES = Condition(
    "--distribute", lambda recipe: recipe.compute.distribute != "none"
)
