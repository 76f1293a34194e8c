"""Retrieval: an embedding that finds identities it was not trained on."""

from collections.abc import Callable
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ntaa_tf import data
from ntaa_tf.data import retrieval
from ntaa_tf.image_size import Size
from ntaa_tf.losses import BatchHardTriplet
from ntaa_tf.metrics import RANKS
from ntaa_tf.metrics import Labels
from ntaa_tf.metrics import RetrievalResult
from ntaa_tf.metrics import count_ranked
from ntaa_tf.metrics import evaluate_retrieval
from ntaa_tf.metrics import measure_distances
from ntaa_tf.metrics import normalize_features
from ntaa_tf.metrics import rank_answers
from ntaa_tf.metrics import re_rank
from ntaa_tf.tasks.heads import EMBEDDING
from ntaa_tf.tasks.heads import attach_embedding
from ntaa_tf.tasks.heads import attach_stripes
from ntaa_tf.tasks.heads import keep_embedding
from ntaa_tf.training.divergence import DivergenceError

EMBEDDING_HEAD, STRIPES_HEAD = "embedding", "stripes"
STRIPE_EMBEDDING = 256
SHOWN_QUERIES = SHOWN_ANSWERS = 10


@dataclass(frozen=True)
class Retrieval:
    """Unseen identities, found by the embedding; judged by mAP.

    Trained by the cross-entropy of identities and the batch-hard triplet loss
    of embeddings, λ · L_ce + (1 − λ) · L_triplet.

    Args:
        head: `embedding` or `stripes`.
        embedding_size: channels of the embedding, or of that of a stripe; by
            default those of the map, or 256.
        stripes: of the feature map.
        images_per_class: of an identity, in a batch that has any.
        cross_entropy_weight: λ.
        margin: of the triplet loss.
        label_smoothing: of the identities.
        average_precision: which of the published definitions.
    """

    head: str = EMBEDDING_HEAD
    embedding_size: int | None = None
    stripes: int = 6
    images_per_class: int | None = 4
    cross_entropy_weight: float = 0.5
    margin: float = 0.3
    label_smoothing: float = 0.0
    average_precision: str = "rectangular"

    score = "map"
    outputs = ("embedding",)
    crops = False

    @property
    def answers_untrained(self) -> bool:
        """Whether an embedding is worth measuring before it is trained."""
        return self.head == EMBEDDING_HEAD and self.embedding_size is None

    @property
    def conditions(self) -> dict[str, Any]:
        """How answers are ranked, which published measures differ in."""
        return {
            "distance": "euclidean, of embeddings of length 1",
            "average_precision": self.average_precision,
            "flip_test": False,
        }

    @property
    def architecture_loss(self) -> BatchHardTriplet:
        """Triplets alone: no classifier knows another domain's identities."""
        return BatchHardTriplet(self.margin)

    def open(self, name: str, data_dir: str | None) -> retrieval.RawRetrieval:
        """Open a retrieval set."""
        return retrieval.open_retrieval(name, data_dir)

    def join_domains(
        self,
        sources: Sequence[retrieval.RawRetrieval],
        target: retrieval.RawRetrieval,
        *,
        validation_share: float,
        seed: int,
        images_per_class: int | None = None,
        judges: bool = False,
    ) -> retrieval.RawRetrieval:
        """Learn from sources, measure on a target; hold nothing out yet."""
        return retrieval.join_retrieval_domains(
            sources, target, seed, images_per_class, judges
        )

    def prepare(
        self, raw: retrieval.RawRetrieval, image_size: Size, **choices: Any
    ) -> retrieval.RetrievalDataset:
        """Hold identities out, and decode."""
        return retrieval.prepare_retrieval(raw, image_size, **choices)

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put an embedding and a classifier of identities on a map."""
        if self.head == EMBEDDING_HEAD:
            return attach_embedding(
                features, num_classes, self.embedding_size, seed
            )
        size = self.embedding_size or STRIPE_EMBEDDING
        return attach_stripes(features, num_classes, self.stripes, size, seed)

    def make_targets(self, labels: Any) -> Any:
        """Give the labels of both losses, the second's for each stripe."""
        if self.head == EMBEDDING_HEAD:
            return labels, labels
        tiled = keras.ops.repeat(labels[:, None], self.stripes, axis=1)
        return labels, tiled

    def compile_options(self) -> dict[str, Any]:
        """Give the losses and the metrics."""
        stripes = self.stripes if self.head == STRIPES_HEAD else 1
        return {
            "loss": [
                BatchHardTriplet(self.margin),
                keras.losses.CategoricalCrossentropy(
                    from_logits=True, label_smoothing=self.label_smoothing
                ),
            ],
            # Of stripes, Keras gives the mean; the sum is meant.
            "loss_weights": [
                1 - self.cross_entropy_weight,
                self.cross_entropy_weight * stripes,
            ],
            "metrics": [
                [],
                [keras.metrics.CategoricalAccuracy(name="accuracy")],
            ],
        }

    def validation_batches(self, *_: Any) -> None:
        """Give nothing: no loss knows the held out identities."""
        return

    def list_images(self, split: retrieval.Trial) -> np.ndarray:
        """Give the queries."""
        images: np.ndarray = split.query.images
        return images

    def predict(
        self, model: keras.Model, split: retrieval.Trial, batch_size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Embed the queries and the gallery."""
        return embed_trial(model, split, batch_size)

    def measure(
        self, model: keras.Model, split: retrieval.Trial, batch_size: int
    ) -> dict[str, float]:
        """Measure mAP and CMC."""
        try:
            features = self.predict(model, split, batch_size)
        except DivergenceError:  # A bad network, not a bad input.
            return dict.fromkeys(("map", *(f"rank{k}" for k in RANKS)), 0.0)
        return _list_shares(self._rank_features(features, split))

    def measure_fully(
        self,
        features: tuple[np.ndarray, np.ndarray],
        split: retrieval.Trial,
    ) -> dict[str, float]:
        """Measure mAP and CMC, also of re-ranked answers.

        Queries whose identity the gallery does not have are left out, and
        counted.
        """
        ranked = self._rank_features(features, split)
        re_ranked = _list_shares(self._rank(re_rank(*features), split))
        return {
            **_list_shares(ranked),
            **{f"{name}_reranked": share for name, share in re_ranked.items()},
            "skipped_queries": ranked.num_skipped,
        }

    def find_answers(
        self,
        features: tuple[np.ndarray, np.ndarray],
        split: retrieval.Trial,
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Give queries from all over the split, and their first answers."""
        asked, given = _label(split.query), _label(split.gallery)
        counts = count_ranked(asked, given)
        # Of some queries little of the gallery is left to be ranked.
        able = np.flatnonzero(counts >= min(SHOWN_ANSWERS, counts.max()))
        spread = np.linspace(0, len(able) - 1, min(SHOWN_QUERIES, len(able)))
        shown = able[spread.astype(int)]
        query, gallery = features
        answers, is_right = rank_answers(
            measure_distances(query[shown], gallery),
            asked.take(shown),
            given,
            SHOWN_ANSWERS,
        )
        images = split.gallery.images
        return (
            split.query.images[shown],
            np.stack([images[row] for row in answers]),
            is_right,
        )

    def confuse(self, *_: Any) -> dict[str, Any]:
        """Give nothing: unseen identities are no classes."""
        return {}

    def finish(self, model: keras.Model) -> keras.Model:
        """Cut the classifier off."""
        return keep_embedding(model)

    def _rank_features(
        self,
        features: tuple[np.ndarray, np.ndarray],
        split: retrieval.Trial,
    ) -> RetrievalResult:
        """Rank some queries at a time: no matrix of all distances."""
        query, gallery = features
        return self._rank(
            lambda rows: measure_distances(query[rows], gallery), split
        )

    def _rank(
        self,
        distances: np.ndarray | Callable[[slice], np.ndarray],
        split: retrieval.Trial,
    ) -> RetrievalResult:
        query, gallery = split.query, split.gallery
        return evaluate_retrieval(
            distances,
            query.identities,
            gallery.identities,
            query.cameras,
            gallery.cameras,
            average_precision=self.average_precision,
        )


def _label(views: retrieval.Views) -> Labels:
    return Labels(views.identities, views.cameras)


def _list_shares(result: RetrievalResult) -> dict[str, float]:
    ranks = {f"rank{k}": share for k, share in result.matching.items()}
    return {"map": result.mean_average_precision, **ranks}


def embed_trial(
    model: keras.Model, trial: retrieval.Trial, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Embed the queries and the gallery.

    Args:
        model: gives embeddings, or embeddings and logits.
        trial: the queries and the gallery.
        batch_size: images of a batch.

    Returns:
        The embeddings of both, float32, of length 1.

    Raises:
        DivergenceError: if some are not finite.
    """
    embeddings = []
    for views in (trial.query, trial.gallery):
        batches = data.image_batches(views.images, batch_size)
        outputs = keras.tree.flatten(model.predict(batches, verbose=0))
        if not np.isfinite(outputs[EMBEDDING]).all():
            raise DivergenceError(
                "Some embeddings are not finite. Lower --learning_rate, or "
                "compute with another --mixed_precision, in another --workdir."
            )
        embeddings.append(normalize_features(outputs[EMBEDDING]))
    query, gallery = embeddings
    return query, gallery
