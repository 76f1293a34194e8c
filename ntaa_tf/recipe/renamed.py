"""Names that choices do not have: former ones, and those of other programs."""

from collections.abc import Mapping

# The present name by the former one.
RENAMED: Mapping[str, str] = {
    "calibrate": "scale_weight_free",
    "channels": "cell_channels",
    "lambda_theta": "source_penalty",
    "pretrain_dataset": "transfer_dataset",
    "pretrain_epochs": "transfer_epochs",
    "search_space": "cell_search_space",
    "target": "attributes",
    "target_images_per_id": "target_images_per_class",
    "tune": "learning_rate_trials",
}

# The choices that a name of other programs may mean.
MEANT: Mapping[str, tuple[str, ...]] = {
    "batch": ("batch_size",),
    "data": ("dataset",),
    "epochs": ("search_epochs", "finetune_epochs"),
    "input_size": ("image_size",),
    "lr": ("learning_rate",),
    "network": ("model",),
    "num_epochs": ("search_epochs", "finetune_epochs"),
    "out": ("workdir",),
    "output": ("workdir",),
    "output_dir": ("workdir",),
    "precision": ("mixed_precision",),
    "size": ("image_size",),
    "wd": ("weight_decay",),
}

# Choices that are gone, and what to do.
GONE: Mapping[str, str] = {
    "guard": "Remove --guard: a run compares with plain finetuning, and hands "
    "over the better network. See --hand_over.",
    "validated_end": "Changes have to earn their --price now. "
    "--novalidated_end is --price=0.",
}

# The message for each of these names.
MESSAGES: Mapping[str, str] = {
    **GONE,
    **{old: f"--{old} is --{new} now." for old, new in RENAMED.items()},
    **{
        other: f"There is no --{other}. Did you mean "
        f"{' or '.join(f'--{name}' for name in names)}?"
        for other, names in MEANT.items()
    },
}
