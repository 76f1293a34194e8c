"""Values of choices that several modules name."""

CLASSIFICATION, RETRIEVAL, ATTRIBUTES = TASKS = (
    *("classification", "retrieval", "attributes"),
)
EMBEDDING, STRIPES = HEADS = ("embedding", "stripes")
ADIENCE = "adience"  # The one data set whose only task is attributes.
EXPECTATION = "expectation"
GUMBEL = "gumbel"
SINGLE_PATH = "single_path"
RELAXATIONS = (EXPECTATION, GUMBEL, SINGLE_PATH)
EMBEDDED_MODEL = "digits0to4"
CELLS_MODEL = "autoreid"  # The one model that is built of cells.
EMBEDDED_DATASET = "digits5to9"
# Share of the search after which the logits no longer learn with --end=exact.
LOGITS_REST = 0.75
# Batches of a whole run. On 48 photos of clothes in four classes 30 batches
# left 72 to 75 % right on 2,120 others, 150 batches 76 to 79 %; twice as many
# brought no more.
LEAST_STEPS = 150
AUTO = "auto"
UNWEIGHTED, BALANCED = CLASS_WEIGHTS = ("none", "balanced")
PROVEN, SEARCHED = HANDED_OVER = ("proven", "searched")
BEST, LAST = KEPT = ("best", "last")
JOINT_SCHEDULE, SEPARATE_SCHEDULES = SCHEDULES = ("joint", "separate")
