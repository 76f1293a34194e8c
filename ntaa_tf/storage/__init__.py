"""Files of a run: written atomically, read with clear errors."""
