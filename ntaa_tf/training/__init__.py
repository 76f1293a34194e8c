"""Shared by every training: resuming, optimizers, precision, memory."""
