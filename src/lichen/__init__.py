"""Lichen makes new pictures of a material from an example of it.

>>> import lichen
>>> lichen.__version__
'0.1.0'

The public names and where they live are on one page: ``__init__.pyi``. Nothing is imported
before it is used; ``import lichen`` does not import torch.
"""

from __future__ import annotations

import sys
from types import ModuleType

import lazy_loader

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing takes as long as all else here
    from typing import Any

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"


class _Package(ModuleType):
    """Keeps ``lichen.methods`` and ``lichen.method`` the functions that they are for users.

    Importing a submodule sets it as an attribute of its package. The submodules of these two names
    are imported by their full path only, so here the attribute stays the function.
    """

    @property
    def methods(self) -> Any:
        from lichen.registry import methods

        return methods

    @methods.setter
    def methods(self, submodule: ModuleType) -> None:
        pass

    @property
    def method(self) -> Any:
        from lichen.registry import method

        return method

    @method.setter
    def method(self, submodule: ModuleType) -> None:
        pass


sys.modules[__name__].__class__ = _Package
