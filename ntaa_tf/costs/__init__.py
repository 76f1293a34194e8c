"""Costs of all architectures of a supernet, and the best within limits."""
