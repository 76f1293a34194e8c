"""The metrics of an epoch in words, for a line of the log."""

from collections.abc import Mapping

VALIDATION = "val_"
# Validation metrics that are no score of the trained network.
OTHERS = ("val_loss", "val_argmax_")
SCORES = ("accuracy", "map")


def describe_epoch(logs: Mapping[str, float]) -> str:
    """Describe the loss, the accuracy, and the validation score.

    Args:
        logs: metrics of Keras, by name.

    Example:
    >>> describe_epoch({"loss": 0.52, "accuracy": 0.9, "val_accuracy": 0.875})
    'loss 0.52  accuracy 90.0  validation 87.5'
    """
    words = [f"loss {logs['loss']:.3g}"] if "loss" in logs else []
    words += [
        f"{score} {100 * logs[score]:.1f}" for score in SCORES if score in logs
    ]
    words += [
        f"validation {100 * value:.1f}"
        for name, value in logs.items()
        if name.startswith(VALIDATION)
        and not name.startswith(OTHERS)
        and name.endswith(SCORES)
    ]
    return "  ".join(words)
