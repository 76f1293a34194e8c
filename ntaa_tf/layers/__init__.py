"""Keras layers of the search. They don't depend on graphs or on the search."""
