"""Retrieval data sets: images of identities, taken by several cameras.

A view is an image of one identity by one camera. Models are trained on the
views of `train`. Evaluation searches for each view of `query` in `gallery`; a
match is a view of the same identity by another camera.
"""

from ntaa_tf.data.retrieval.dataset import RetrievalDataset
from ntaa_tf.data.retrieval.dataset import Trial
from ntaa_tf.data.retrieval.dataset import Views
from ntaa_tf.data.retrieval.dataset import prepare_retrieval
from ntaa_tf.data.retrieval.grammar import Grammar
from ntaa_tf.data.retrieval.grammar import parse_name
from ntaa_tf.data.retrieval.identities import index_identities
from ntaa_tf.data.retrieval.identities import join_training_views
from ntaa_tf.data.retrieval.joining import join_retrieval_domains
from ntaa_tf.data.retrieval.known_sets import open_retrieval
from ntaa_tf.data.retrieval.sets import SETS
from ntaa_tf.data.retrieval.sets import RetrievalSet
from ntaa_tf.data.retrieval.summary import summarize_retrieval
from ntaa_tf.data.retrieval.validation import hold_out_identities
from ntaa_tf.data.retrieval.views import DISTRACTOR
from ntaa_tf.data.retrieval.views import JUNK
from ntaa_tf.data.retrieval.views import RawRetrieval
from ntaa_tf.data.retrieval.views import RawViews

__all__ = [
    "DISTRACTOR",
    "JUNK",
    "SETS",
    "Grammar",
    "RawRetrieval",
    "RawViews",
    "RetrievalDataset",
    "RetrievalSet",
    "Trial",
    "Views",
    "hold_out_identities",
    "index_identities",
    "join_retrieval_domains",
    "join_training_views",
    "open_retrieval",
    "parse_name",
    "prepare_retrieval",
    "summarize_retrieval",
]
