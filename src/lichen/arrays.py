"""The types of arrays, once.

Shapes are said where they are used: images are (H, W, C), masks (H, W).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
"""float32; images are (H, W, C) in [0, 1], sRGB where they are colours."""

FloatArray = NDArray[np.floating[Any]]
"""float32 or float64, as the caller has it."""

Mask = NDArray[np.bool_]
"""bool, (H, W) where it belongs to an image."""

IntArray = NDArray[np.int32]
"""int32; sources of pixels are (H, W, 3): exemplar, row and column, -1 where nothing was copied."""

Size = tuple[int, int]
"""Height and width in pixels."""
