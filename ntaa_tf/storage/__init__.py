"""Files of a run: written atomically, read with a clear error."""
