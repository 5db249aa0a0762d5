"""What φ and E see: functions that return arrays; :mod:`lichen.probe.figures` draws them.

>>> import lichen
>>> lichen.probe.feature_maps.__name__
'feature_maps'

The public names and where they live are on one page: ``__init__.pyi``. Importing this imports no
torch and no matplotlib.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
