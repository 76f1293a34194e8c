"""Extensions for building the API reference."""
