"""The values of choices that more than one place names."""

CLASSIFICATION, RETRIEVAL, ATTRIBUTES = TASKS = (
    *("classification", "retrieval", "attributes"),
)
ADIENCE = "adience"  # The data set that has attributes and nothing else.
EXPECTATION = "expectation"
GUMBEL = "gumbel"
SINGLE_PATH = "single_path"
RELAXATIONS = (EXPECTATION, GUMBEL, SINGLE_PATH)
EMBEDDED_MODEL = "digits0to4"
CELLS_MODEL = "autoreid"  # The one that is built of cells, and has no sites.
EMBEDDED_DATASET = "digits5to9"
# The flag that limits each cost.
BUDGETS = {
    "macs": "max_macs",
    "parameters": "max_params",
    "latency_ms": "max_latency_ms",
    "depth": "max_depth",
    "weight_free": "max_weight_free",
}
# The share of the search after which its logits rest.
LOGITS_REST = 0.75
