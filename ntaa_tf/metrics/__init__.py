"""Retrieval metrics, confusion matrices, and comparisons of two models."""

from ntaa_tf.metrics.answers import count_ranked
from ntaa_tf.metrics.answers import rank_answers
from ntaa_tf.metrics.confusion import count_confusions
from ntaa_tf.metrics.distances import iterate_distances
from ntaa_tf.metrics.distances import measure_distances
from ntaa_tf.metrics.distances import normalize_features
from ntaa_tf.metrics.known_accuracy import KnownAccuracy
from ntaa_tf.metrics.labels import Labels
from ntaa_tf.metrics.mistakes import Mistake
from ntaa_tf.metrics.mistakes import choose_mistakes
from ntaa_tf.metrics.mistakes import find_mistakes
from ntaa_tf.metrics.paired import PairedDifference
from ntaa_tf.metrics.paired import compare_scores
from ntaa_tf.metrics.paired import measure_interval
from ntaa_tf.metrics.re_ranking import re_rank
from ntaa_tf.metrics.retrieval import AVERAGE_PRECISIONS
from ntaa_tf.metrics.retrieval import RANKS
from ntaa_tf.metrics.retrieval import RetrievalResult
from ntaa_tf.metrics.retrieval import evaluate_retrieval

__all__ = [
    "AVERAGE_PRECISIONS",
    "RANKS",
    "KnownAccuracy",
    "Labels",
    "Mistake",
    "PairedDifference",
    "RetrievalResult",
    "choose_mistakes",
    "compare_scores",
    "count_confusions",
    "count_ranked",
    "evaluate_retrieval",
    "find_mistakes",
    "iterate_distances",
    "measure_distances",
    "measure_interval",
    "normalize_features",
    "rank_answers",
    "re_rank",
]
