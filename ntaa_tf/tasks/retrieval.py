"""Retrieval: an embedding that finds identities it was not trained on."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from ntaa_tf import data
from ntaa_tf.data import retrieval
from ntaa_tf.losses import BatchHardTriplet
from ntaa_tf.losses import compare_embeddings
from ntaa_tf.metrics import RANKS
from ntaa_tf.metrics import Labels
from ntaa_tf.metrics import RetrievalResult
from ntaa_tf.metrics import count_ranked
from ntaa_tf.metrics import evaluate_retrieval
from ntaa_tf.metrics import measure_distances
from ntaa_tf.metrics import normalize_features
from ntaa_tf.metrics import rank_answers
from ntaa_tf.metrics import re_rank
from ntaa_tf.recipe.sections.retrieval import Retrieval
from ntaa_tf.recipe.values import STRIPES
from ntaa_tf.tasks.heads import EMBEDDING_OUTPUT
from ntaa_tf.tasks.heads import attach_embedding
from ntaa_tf.tasks.heads import attach_stripes
from ntaa_tf.tasks.heads import remove_classifier
from ntaa_tf.tasks.task import ExampleScores
from ntaa_tf.tasks.task import Illustration
from ntaa_tf.training.divergence import DivergenceError

STRIPE_EMBEDDING_SIZE = 256  # Default of --embedding_size, as in PCB.
SHOWN_QUERIES = SHOWN_ANSWERS = 10


@dataclass(frozen=True)
class RetrievalTask:
    """Finding unseen identities by their embeddings; measured by mAP.

    The loss is λ · L_ce + (1 − λ) · L_triplet with λ = --cross_entropy_weight:
    the cross-entropy of the training identities, and the batch-hard triplet
    loss of the embeddings.

    Args:
        choices: section of the recipe: head, losses, average precision.
    """

    choices: Retrieval

    score = "map"
    outputs = ("embedding",)
    crops = False
    validates_loss = False  # The classifier has no held-out identities.

    @property
    def images_per_class(self) -> int:
        """Images of each identity in a batch."""
        return self.choices.images_per_identity

    @property
    def measures_untrained(self) -> bool:
        """Whether the head needs no training to be measured.

        An embedding that is the mean of the source's feature map needs none.
        """
        return not self._has_stripes and self.choices.embedding_size is None

    @property
    def conditions(self) -> dict[str, Any]:
        """Settings of the ranking; published results differ in them."""
        return {
            "distance": "euclidean, of embeddings of length 1",
            "average_precision": self.choices.average_precision,
            "flip_test": False,
        }

    @property
    def architecture_loss(self) -> BatchHardTriplet:
        """The triplet loss, as the classifier lacks the target's identities."""
        return BatchHardTriplet(self.choices.triplet_margin)

    def attach_head(
        self, features: keras.Model, num_classes: int, seed: int
    ) -> keras.Model:
        """Put an embedding and a classifier of identities on feature maps."""
        size = self.choices.embedding_size
        if self._has_stripes:
            return attach_stripes(
                features,
                num_classes,
                self.choices.stripes,
                size or STRIPE_EMBEDDING_SIZE,
                seed,
            )
        return attach_embedding(features, num_classes, size, seed)

    def make_targets(self, labels: Any) -> Any:
        """Return the targets of the triplet loss and of the cross-entropy.

        Args:
            labels: one-hot identities (batch, identities).

        Returns:
            The labels twice. With stripes the second has the shape (batch,
            stripes, identities).
        """
        if not self._has_stripes:
            return labels, labels
        tiled = keras.ops.repeat(labels[:, None], self.choices.stripes, axis=1)
        return labels, tiled

    def compile_options(self) -> dict[str, Any]:
        """Return the losses, their weights, and the identities' accuracy."""
        choices = self.choices
        num_classifiers = choices.stripes if self._has_stripes else 1
        return {
            "loss": [
                BatchHardTriplet(choices.triplet_margin),
                keras.losses.CategoricalCrossentropy(
                    from_logits=True, label_smoothing=choices.label_smoothing
                ),
            ],
            # Keras averages over the stripes; PCB's loss is their sum.
            "loss_weights": [
                1 - choices.cross_entropy_weight,
                choices.cross_entropy_weight * num_classifiers,
            ],
            "metrics": [
                [],
                [keras.metrics.CategoricalAccuracy(name="accuracy")],
            ],
        }

    def weigh_classes(self, dataset: Any) -> tuple[np.ndarray, ...]:
        """Return nothing: a batch has as many images of each identity."""
        del dataset
        return ()

    def measure_divergence(
        self, teacher: Any, student: Any, temperature: float
    ) -> Any:
        """Compare the similarities of the embeddings of a batch.

        The temperature is that of logits, and is not used.
        """
        return compare_embeddings(teacher, student[EMBEDDING_OUTPUT])

    def list_images(self, split: retrieval.Trial) -> np.ndarray:
        """Return the images of the queries."""
        images: np.ndarray = split.query.images
        return images

    def predict(
        self, model: keras.Model, split: retrieval.Trial, batch_size: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Compute the embeddings of the queries and of the gallery."""
        return embed_trial(model, split, batch_size)

    def measure(
        self, model: keras.Model, split: retrieval.Trial, batch_size: int
    ) -> dict[str, float]:
        """Measure mAP and CMC; both are 0 where embeddings are not finite."""
        try:
            features = self.predict(model, split, batch_size)
        # A search goes on past a network that is no good: its score is 0.
        except DivergenceError:
            return dict.fromkeys(("map", *(f"rank{k}" for k in RANKS)), 0.0)
        return _list_shares(self._rank_features(features, split))

    def measure_fully(
        self,
        features: tuple[np.ndarray, np.ndarray],
        split: retrieval.Trial,
    ) -> dict[str, float]:
        """Compute mAP and CMC, before and after re-ranking.

        Queries whose identity is not in the gallery are counted and left out.
        """
        ranked = self._rank_features(features, split)
        re_ranked = _list_shares(self._rank(re_rank(*features), split))
        return {
            **_list_shares(ranked),
            **{f"{name}_reranked": share for name, share in re_ranked.items()},
            "skipped_queries": ranked.num_skipped,
        }

    def score_examples(
        self,
        features: tuple[np.ndarray, np.ndarray],
        split: retrieval.Trial,
    ) -> ExampleScores:
        """Return the average precision of each query with a match."""
        precisions = self._rank_features(features, split).average_precisions
        ranked = ~np.isnan(precisions)
        return ExampleScores(
            precisions[ranked], np.asarray(split.query.identities)[ranked]
        )

    def illustrate(
        self,
        features: tuple[np.ndarray, np.ndarray],
        dataset: retrieval.RetrievalDataset,
    ) -> Illustration:
        """Rank the gallery for some queries from all over the test split."""
        test = dataset.test
        queried, gallery_labels = _label(test.query), _label(test.gallery)
        counts = count_ranked(queried, gallery_labels)
        # Images of a query's own camera and identity are not ranked, so some
        # queries have too few ranked images to fill a row of the sheet.
        full = np.flatnonzero(counts >= min(SHOWN_ANSWERS, counts.max()))
        spread = np.linspace(0, len(full) - 1, min(SHOWN_QUERIES, len(full)))
        shown = full[spread.astype(int)]
        query, gallery = features
        answers, is_right = rank_answers(
            measure_distances(query[shown], gallery),
            queried.take(shown),
            gallery_labels,
            SHOWN_ANSWERS,
        )
        images = test.gallery.images
        found = np.stack([images[row] for row in answers])
        return Illustration(answers=(test.query.images[shown], found, is_right))

    def list_classes(
        self, dataset: retrieval.RetrievalDataset
    ) -> dict[str, tuple[str, ...] | None]:
        """Return no classes: an embedding has none."""
        return dict.fromkeys(self.outputs)

    def finish(self, model: keras.Model) -> keras.Model:
        """Cut the classifier off, and scale embeddings to length 1."""
        return remove_classifier(model)

    @property
    def _has_stripes(self) -> bool:
        return self.choices.head == STRIPES

    def _rank_features(
        self,
        features: tuple[np.ndarray, np.ndarray],
        split: retrieval.Trial,
    ) -> RetrievalResult:
        """Rank a few queries at a time: all distances may not fit in memory."""
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
            average_precision=self.choices.average_precision,
        )


def _label(views: retrieval.Views) -> Labels:
    return Labels(views.identities, views.cameras)


def _list_shares(result: RetrievalResult) -> dict[str, float]:
    ranks = {f"rank{k}": share for k, share in result.matching.items()}
    return {"map": result.mean_average_precision, **ranks}


def embed_trial(
    model: keras.Model, trial: retrieval.Trial, batch_size: int
) -> tuple[np.ndarray, np.ndarray]:
    """Compute the embeddings of the queries and of the gallery.

    Args:
        model: model from images to embeddings, or to embeddings and logits.
        trial: the queries and the gallery.
        batch_size: number of images in a batch.

    Returns:
        Embeddings (images, channels) of the queries and of the gallery,
        float32, scaled to length 1.

    Raises:
        DivergenceError: if an embedding is not finite.
    """
    embeddings = []
    for views in (trial.query, trial.gallery):
        batches = data.image_batches(views.images, batch_size)
        outputs = keras.tree.flatten(model.predict(batches, verbose=0))
        if not np.isfinite(outputs[EMBEDDING_OUTPUT]).all():
            raise DivergenceError(
                "Some embeddings are not finite. Lower --learning_rate, or "
                "compute with another --mixed_precision, in another --workdir."
            )
        embeddings.append(normalize_features(outputs[EMBEDDING_OUTPUT]))
    query, gallery = embeddings
    return query, gallery
