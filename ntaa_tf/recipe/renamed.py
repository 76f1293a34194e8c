"""Names of choices that were renamed, for one clear message."""

from collections.abc import Mapping

# The present name by the former one.
RENAMED: Mapping[str, str] = {
    "calibrate": "scale_weight_free",
    "channels": "cell_channels",
    "guard": "hand_over",
    "lambda_theta": "source_penalty",
    "pretrain_dataset": "transfer_dataset",
    "pretrain_epochs": "transfer_epochs",
    "search_space": "cell_search_space",
    "target": "attributes",
    "target_images_per_id": "target_images_per_class",
    "tune": "learning_rate_trials",
}
