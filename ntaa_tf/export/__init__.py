"""Export of adapted models to other runtimes, reopened and compared."""

import lazy_loader

# Recipes import `formats` for their flags. They must not wait for TensorFlow,
# so public names are imported when they are used. `__init__.pyi` lists them.
__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
