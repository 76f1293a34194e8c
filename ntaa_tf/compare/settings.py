"""Training data and choice of the source in a comparison over domains."""

SINGLE, COMBINE, ORACLE = SETTINGS = ("single", "combine", "oracle")
# The split that chooses the best single source: the source's own validation
# split, or the target's test split, as published tables seem to do.
VALIDATION, TEST = CHOSEN_BY = ("validation", "test")


def name_setting(setting: str, single_by: str) -> str:
    """Return the title of a setting.

    Args:
        setting: one of `SETTINGS`.
        single_by: one of `CHOSEN_BY`.

    Example:
    >>> name_setting("single", "test")
    "Single best source, by the target's test split"
    """
    whose = "its" if single_by == VALIDATION else "the target's"
    titles = {
        SINGLE: f"Single best source, by {whose} {single_by} split",
        COMBINE: "All sources combined",
        ORACLE: "Trained on the target",
    }
    return titles[setting]
