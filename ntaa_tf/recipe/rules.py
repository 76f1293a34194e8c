"""Rules that join choices of several sections."""

from collections.abc import Iterator

from ntaa_tf.recipe.methods import ACROSS_DOMAINS
from ntaa_tf.recipe.methods import BILEVEL
from ntaa_tf.recipe.methods import EVOLUTION
from ntaa_tf.recipe.methods import GIVEN
from ntaa_tf.recipe.methods import NOTHING
from ntaa_tf.recipe.methods import TRANSFER
from ntaa_tf.recipe.recipe import Recipe
from ntaa_tf.recipe.values import ADIENCE
from ntaa_tf.recipe.values import ATTRIBUTES
from ntaa_tf.recipe.values import AUTO
from ntaa_tf.recipe.values import BALANCED
from ntaa_tf.recipe.values import BEST
from ntaa_tf.recipe.values import CLASSIFICATION
from ntaa_tf.recipe.values import GUMBEL
from ntaa_tf.recipe.values import RETRIEVAL
from ntaa_tf.recipe.values import SINGLE_PATH

# Whether the recipe breaks a rule; and the error: problem and remedy.
Rule = tuple[bool, str]


def check_rules(recipe: Recipe) -> None:
    """Raise a ValueError where choices of a recipe contradict one another.

    Args:
        recipe: a recipe whose sections have been checked.
    """
    for list_rules in _ALL_RULES:
        for is_broken, message in list_rules(recipe):
            if is_broken:
                raise ValueError(message)


def _list_needs(recipe: Recipe) -> Iterator[Rule]:
    """List the rules of choices that a method needs."""
    adaptation, plan = recipe.adaptation, recipe.adaptation.plan
    method = f"--method={adaptation.method}"
    yield (
        plan.search == GIVEN and adaptation.architecture is None,
        f"{method} needs --architecture, the architecture.json of another run.",
    )
    transfers = plan.weights == TRANSFER
    yield (
        transfers and plan.search == NOTHING,
        f"--derived_weights=transfer can't be used with {method}: it finds no "
        "architecture to train on another data set. Choose another method.",
    )
    yield (
        transfers and recipe.data.task != CLASSIFICATION,
        "The transfer methods are for --task=classification only. Choose "
        "another method or task.",
    )
    yield (
        transfers and adaptation.transfer_dataset is None,
        f"{method} with transferred weights needs --transfer_dataset.",
    )
    across = adaptation.method == ACROSS_DOMAINS
    yield (
        across and recipe.domains.source_dataset is None,
        f"{method} needs --source_dataset, the data set that the weights learn "
        "from.",
    )


def _list_methods(recipe: Recipe) -> Iterator[Rule]:
    """List the rules of methods beside models and tasks."""
    adaptation, plan = recipe.adaptation, recipe.adaptation.plan
    method, model = f"--method={adaptation.method}", recipe.source.model
    yield (
        recipe.source.has_cells
        and (
            plan.search == EVOLUTION
            or plan.self_supervises
            or adaptation.method == "partial"
        ),
        f"{method} can't be used with --model={model}, whose cells have no "
        "sites. Choose another method.",
    )
    yield (
        recipe.source.has_cells and recipe.data.task == ATTRIBUTES,
        f"--task={ATTRIBUTES} can't be used with --model={model}. Choose a "
        "pretrained model.",
    )


def _list_teachers(recipe: Recipe) -> Iterator[Rule]:
    yield (
        recipe.is_taught_by_baseline and recipe.adaptation.baseline is False,
        "--distill needs the baseline, which is the teacher. Remove "
        "--nobaseline, or choose --teacher or --teacher_image_size.",
    )
    yield (
        recipe.distillation.teacher_image_size is not None
        and recipe.data.resize is not None,
        "--teacher_image_size can't be used with --resize, whose crops are of "
        "--image_size. Remove one of them.",
    )


def _list_relaxations(recipe: Recipe) -> Iterator[Rule]:
    """List the rules of relaxations and gradients beside methods."""
    plan, relaxation = recipe.adaptation.plan, recipe.search.relaxation
    method = f"--method={recipe.adaptation.method}"
    yield (
        plan.search == BILEVEL and relaxation == SINGLE_PATH,
        f"--relaxation={SINGLE_PATH} can't be used with {method}: single paths "
        "have no logits to learn. Choose expectation or gumbel.",
    )
    yield (
        plan.search == EVOLUTION and relaxation == GUMBEL,
        f"--relaxation={GUMBEL} can't be used with {method}, which draws "
        "single paths. Remove it.",
    )
    yield (
        recipe.search.unrolled and recipe.compute.mixed_precision != "none",
        "--unrolled can't be used with --mixed_precision. Remove one of them.",
    )


def _list_precisions(recipe: Recipe) -> Iterator[Rule]:
    yield (
        recipe.compute.mixed_precision == AUTO
        and recipe.adaptation.plan.self_supervises,
        f"--mixed_precision={AUTO} can't be used with --method=unsupervised, "
        "whose supernet several runs and machines share. Choose none or "
        "bfloat16.",
    )


def _list_attributes(recipe: Recipe) -> Iterator[Rule]:
    yield (
        recipe.data.task == ATTRIBUTES
        and recipe.domains.source_dataset is not None,
        f"--source_dataset can't be used with --task={ATTRIBUTES}: attributes "
        "of two data sets are not joined. Remove it.",
    )
    yield (
        recipe.data.dataset == ADIENCE
        and recipe.attributes.ordinal is not None,
        "--ordinal can't be set for adience: its age is always ordinal.",
    )


def _list_images(recipe: Recipe) -> Iterator[Rule]:
    """List the rules of cropping and augmentation."""
    retrieves = recipe.data.task == RETRIEVAL
    self_supervises = recipe.adaptation.plan.self_supervises
    yield (
        recipe.data.resize is not None and (retrieves or self_supervises),
        "--resize can't be used with --task=retrieval or "
        "--method=unsupervised, whose augmentation crops by itself. Remove it.",
    )
    yield (
        retrieves and recipe.data.augment == "cutmix",
        "--augment=cutmix can't be used for retrieval: it mixes images of "
        "different identities. Choose another augmentation.",
    )


def _list_class_weights(recipe: Recipe) -> Iterator[Rule]:
    yield (
        recipe.training.class_weights == BALANCED
        and recipe.data.task == RETRIEVAL,
        f"--class_weights={BALANCED} can't be used with --task={RETRIEVAL}, "
        "whose batches have as many images of each identity. Remove it.",
    )


def _list_kept_epochs(recipe: Recipe) -> Iterator[Rule]:
    training = recipe.training
    yield (
        training.keep == BEST
        and training.total_epochs == recipe.searched_epochs,
        f"--keep={BEST} needs epochs of finetuning to choose from, and "
        f"--finetune_epochs={training.finetune_epochs} leaves none. Remove "
        "it, or finetune for more epochs.",
    )


def _list_triplets(recipe: Recipe) -> Iterator[Rule]:
    """List the rules of the batches of retrieval.

    A batch has whole identities only. For triplets it needs two images of an
    identity, and a second identity.
    """
    if recipe.data.task != RETRIEVAL:
        return
    batch, images = (
        recipe.training.batch_size,
        recipe.retrieval.images_per_identity,
    )
    yield (
        batch % images != 0,
        f"--images_per_identity must divide --batch_size={batch}. Received: "
        f"{images}.",
    )
    has_triplets = recipe.retrieval.cross_entropy_weight < 1
    # The logits learn from the triplets of the target domain.
    needs_triplets = has_triplets or recipe.adaptation.method == ACROSS_DOMAINS
    yield (
        needs_triplets and images < 2,
        "--images_per_identity must be at least 2 for the triplet loss, which "
        f"compares images of one identity. Received: {images}.",
    )
    yield (
        needs_triplets and batch < 2 * images,
        f"--batch_size must be at least {2 * images} for the triplet loss, "
        f"which compares identities of one batch. Received: {batch}.",
    )


def _list_target_heads(recipe: Recipe) -> Iterator[Rule]:
    if not recipe.domains.target_head:
        return
    yield (
        recipe.adaptation.method != ACROSS_DOMAINS,
        f"--target_head is used only with --method={ACROSS_DOMAINS}. Remove "
        "it, or choose that method.",
    )
    yield (
        recipe.compute.mixed_precision == "float16"
        or recipe.compute.accumulation_steps > 1
        or recipe.retrieval.cross_entropy_weight == 0,
        "--target_head can't be used with --mixed_precision=float16, "
        "--accumulation_steps or --cross_entropy_weight=0. Remove one of them.",
    )


def _list_devices(recipe: Recipe) -> Iterator[Rule]:
    """List the rules of training on several devices."""
    compute = recipe.compute
    if compute.distribute == "none":
        return
    yield (
        compute.mixed_precision == "float16",
        "--mixed_precision=float16 can't be used with "
        f"--distribute={compute.distribute}: the scale of the loss is not "
        "shared by the devices. Choose bfloat16.",
    )
    yield (
        compute.steps_per_execution > 1,
        "--steps_per_execution must be 1 with "
        f"--distribute={compute.distribute}: TensorFlow does not reduce over "
        "devices inside a loop.",
    )


def _list_gates(recipe: Recipe) -> Iterator[Rule]:
    if not recipe.source.squeeze_excitation:
        return
    yield (
        bool(recipe.limits.by_cost),
        "--squeeze_excitation can't be used with limits, which its gates would "
        "exceed. Remove one of them.",
    )
    yield (
        recipe.adaptation.method == "partial"
        or recipe.adaptation.plan.weights == TRANSFER,
        "--squeeze_excitation can't be used with partial finetuning or with a "
        "transfer method. Remove it.",
    )


def _list_directories(recipe: Recipe) -> Iterator[Rule]:
    supernet = recipe.unsupervised.supernet
    yield (
        supernet is not None and supernet == recipe.output.workdir,
        "--supernet must be another directory than --workdir. Received: "
        f"{supernet} for both.",
    )
    yield (
        recipe.adaptation.plan.self_supervises
        and recipe.unsupervised.queue_length < recipe.training.batch_size,
        "--queue_length must be at least "
        f"--batch_size={recipe.training.batch_size}. Received: "
        f"{recipe.unsupervised.queue_length}.",
    )


_ALL_RULES = (
    _list_needs,
    _list_methods,
    _list_teachers,
    _list_relaxations,
    _list_precisions,
    _list_attributes,
    _list_images,
    _list_class_weights,
    _list_kept_epochs,
    _list_triplets,
    _list_target_heads,
    _list_devices,
    _list_gates,
    _list_directories,
)
