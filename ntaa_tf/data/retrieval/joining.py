"""One retrieval set of two domains: learn from one, measure on the other."""

from collections.abc import Sequence

import numpy as np

from ntaa_tf.data.retrieval.checks import check_known
from ntaa_tf.data.retrieval.identities import combine
from ntaa_tf.data.retrieval.validation import LEAST
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews


def join_retrieval_domains(
    sources: Sequence[RawRetrieval],
    target: RawRetrieval,
    seed: int,
    images_per_identity: int | None = None,
    judges: bool = False,
) -> RawRetrieval:
    """Joins the training views of sources with the trial of a target.

    Args:
        sources: data sets whose training views are learnt from; their queries
            and galleries, if they have any, are not used.
        target: the data set that is measured on.
        seed: decides which views are kept; not negative.
        images_per_identity: how many training views of each identity of the
            target are kept, where it judges; None keeps all.
        judges: whether architectures are judged by the target's training
            views, with their identities.

    Returns:
        A data set with the target's `"query"` and `"gallery"` and, where it
        judges, its training views as `"target"`.

    Raises:
        ValueError: if the target has no queries, junk or distractors are to be
            learnt from, or a target that judges has too few identities.
    """
    if "query" not in target.splits:
        raise ValueError(
            f"Invalid data set `{target.name}`. Expected a target with queries "
            "and a gallery to measure with. Received: "
            f"{list(target.splits)}"
        )
    joined = combine(sources)
    splits = {
        "train": joined.splits["train"],
        "query": target.splits["query"],
        "gallery": target.splits["gallery"],
    }
    if judges:
        views = target.splits["train"]
        check_known(views, f"train split of `{target.name}`")
        if len(views.known_identities) < LEAST:
            raise ValueError(
                f"Invalid data set `{target.name}`. Expected at least {LEAST} "
                "training identities, by which architectures are judged. "
                f"Received: {len(views.known_identities)}"
            )
        splits["target"] = _keep_few(views, images_per_identity, seed)
    return RawRetrieval(f"{joined.name} to {target.name}", splits)


def _keep_few(views: RawViews, count: int | None, seed: int) -> RawViews:
    if count is None:
        return views
    order = np.random.default_rng(seed).permutation(len(views))
    of_identity = [
        order[views.identities[order] == identity][:count]
        for identity in views.known_identities
    ]
    return views.take(np.sort(np.concatenate(of_identity)))
