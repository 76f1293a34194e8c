"""What is handed back of a run, for any runtime, reopened and compared."""

from ntaa_tf.export.checking import KERAS
from ntaa_tf.export.checking import Asked
from ntaa_tf.export.checking import ask
from ntaa_tf.export.checking import check_exports
from ntaa_tf.export.converting import CONVERTERS
from ntaa_tf.export.converting import name_tensors
from ntaa_tf.export.failures import list_failures
from ntaa_tf.export.failures import shorten
from ntaa_tf.export.saved_model import LOGITS
from ntaa_tf.export.saved_model import export_saved_model

__all__ = [
    "CONVERTERS",
    "KERAS",
    "LOGITS",
    "Asked",
    "ask",
    "check_exports",
    "export_saved_model",
    "list_failures",
    "name_tensors",
    "shorten",
]
