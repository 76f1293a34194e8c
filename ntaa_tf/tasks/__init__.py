"""Learning tasks: the head, the losses and the measures of each."""
