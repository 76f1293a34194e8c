"""Everything that a recipe asks for, built once and checked before training."""
