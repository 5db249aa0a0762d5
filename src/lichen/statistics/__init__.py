"""E: feature maps to a fixed-size summary. Nothing here knows where the maps came from.

But for one public function, :func:`portilla_simoncelli`, that takes a picture: it lives above, in
``lichen.portilla_simoncelli.loss``, where pyramid and statistics meet, and is imported when first
used.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lichen.portilla_simoncelli.loss import PortillaSimoncelli, portilla_simoncelli

__all__ = ["PortillaSimoncelli", "portilla_simoncelli"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        from lichen.portilla_simoncelli import loss as home

        return getattr(home, name)
    raise AttributeError(f"module {__name__} has no attribute {name}")


def __dir__() -> list[str]:
    return __all__
