"""The choices of a run in sections: a flag is added at one field, here."""
