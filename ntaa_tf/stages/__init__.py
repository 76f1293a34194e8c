"""The stages of a run, each from files to files in the run directory.

A stage is a function of the assembly and of its own directory, and has a file
of its own: supernet, search or sample, transfer, finetune, tune, hand_over,
evaluate, export, report. `plan` puts them in order. The other files are parts
that several stages share: collapse, plain_fit, architecture_picture, metrics,
and evolution, the end of a search by single paths.
"""
