"""The benchmarks, one module each, and the code that they share."""
