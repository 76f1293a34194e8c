"""Comparisons of many runs: plan, execution, statistics, page."""
