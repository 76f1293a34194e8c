"""What the reference of the API needs to be built."""
