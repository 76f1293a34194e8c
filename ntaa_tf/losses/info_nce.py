"""InfoNCE, the contrastive loss of a query and its key."""

from typing import Any

from keras import ops


def compute_info_nce(
    queries: Any, keys: Any, queue: Any, temperature: float = 0.2
) -> Any:
    """Compute the cross-entropy of each query's own key among all keys.

    −log(exp(q·k/τ) / (exp(q·k/τ) + Σ_j exp(q·n_j/τ))), with k the key of the
    same image and n_j the keys in the queue. Only queries get a gradient.

    Args:
        queries: unit vectors, (batch, size).
        keys: unit vectors of the same images, (batch, size).
        queue: unit vectors of other images, (length, size).
        temperature: softmax temperature τ.

    Returns:
        The loss of each query, (batch,), in nats.

    Source: NTAA, equation 19; He et al., "Momentum Contrast for Unsupervised
    Visual Representation Learning", equation 1.

    Example:
    >>> keys = np.eye(3, dtype="float32")
    >>> loss = compute_info_nce(keys[:1], keys[:1], keys[1:], temperature=1.0)
    >>> print(f"{float(loss[0]):.4f}")  # ln(1 + 2/e)
    0.5514
    """
    keys, queue = ops.stop_gradient(keys), ops.stop_gradient(queue)
    positive = ops.sum(queries * keys, axis=1, keepdims=True)
    negative = ops.matmul(queries, ops.transpose(queue))
    logits = ops.concatenate([positive, negative], axis=1) / temperature
    return ops.logsumexp(logits, axis=1) - logits[:, 0]
