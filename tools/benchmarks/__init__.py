"""The benchmarks: one module each, and what they share."""
