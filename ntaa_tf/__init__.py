"""Adapt the weights and the architecture of a Keras model together."""

import lazy_loader

# TensorFlow is imported with the first public name that is used, and not with
# the package, so that `--help` answers at once. `__init__.pyi` has the names.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
