"""Domain adaptation for retrieval: train on sources, test on a target."""

from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.retrieval.checks import check_known_identities
from ntaa_tf.data.retrieval.identities import join_training_views
from ntaa_tf.data.retrieval.validation import MIN_IDENTITIES
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews


def join_retrieval_domains(
    sources: Sequence[RawRetrieval],
    target: RawRetrieval,
    seed: int,
    images_per_identity: int | None = None,
    with_target: bool = False,
) -> RawRetrieval:
    """Join the training views of sources with query and gallery of a target.

    Args:
        sources: data sets to train on; their queries and galleries, if any,
            are dropped.
        target: the data set to test on.
        seed: seed of the subset of target views; not negative.
        images_per_identity: number of training views of each identity to keep
            in the `"target"` split; None keeps all.
        with_target: whether to add the target's training views with
            identities as the split `"target"`, by which the search chooses
            architectures.

    Returns:
        A raw data set. `"train"` comes from the sources; `"query"`,
        `"gallery"` and `"target"` come from the target.

    Raises:
        ValueError: if the target has no queries, training views are junk or
            distractors, or the target has too few identities to judge.
    """
    if "query" not in target.splits:
        raise ValueError(
            f"Invalid data set `{target.name}`. Expected a target with a query "
            "and a gallery split for evaluation. Received: "
            f"{list(target.splits)}"
        )
    joined = join_training_views(sources)
    splits = {
        "train": joined.splits["train"],
        "query": target.splits["query"],
        "gallery": target.splits["gallery"],
    }
    if with_target:
        views = target.splits["train"]
        check_known_identities(views, f"train split of `{target.name}`")
        if len(views.known_identities) < MIN_IDENTITIES:
            raise ValueError(
                f"Invalid data set `{target.name}`. Expected at least "
                f"{MIN_IDENTITIES} training identities, by which the search "
                "chooses architectures. Received: "
                f"{len(views.known_identities)}"
            )
        splits["target"] = _limit_identities(views, images_per_identity, seed)
    return RawRetrieval(f"{joined.name} to {target.name}", splits)


def _limit_identities(
    views: RawViews, count: int | None, seed: int
) -> RawViews:
    """Keep a random subset of so many views of each identity."""
    if count is None:
        return views
    order = np.random.default_rng(seed).permutation(len(views))
    kept = [
        order[views.identities[order] == identity][:count]
        for identity in views.known_identities
    ]
    return views.take(np.sort(np.concatenate(kept)))
