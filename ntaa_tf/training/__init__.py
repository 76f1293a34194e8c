"""Parts of every training: resumable fit, optimizers, precision, memory."""
