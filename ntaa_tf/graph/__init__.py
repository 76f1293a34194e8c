"""Surgery on functional Keras graphs; knows nothing of search."""
