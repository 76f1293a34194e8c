"""Whole runs whose metrics are read as the file has them."""

from ntaa_tf import pipeline


def run(recipe):
    """Run a recipe; return the content of its `metrics.json`."""
    return pipeline.run(recipe).to_json()
