"""Lichen makes new pictures of a material from an example of it.

>>> import lichen
>>> lichen.__version__
'0.1.0'

The public names and where they live are on one page: ``__init__.pyi``. Nothing is imported
before it is used; ``import lichen`` does not import torch.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
