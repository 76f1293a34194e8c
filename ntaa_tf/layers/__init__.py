"""Keras layers of the search; know nothing of graphs."""
