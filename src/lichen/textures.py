"""Julesz textures: their statistics are equal up to an order that is known exactly.

A statistic of order n is the joint distribution of n pixels at fixed offsets. With x = +1 for a
white and -1 for a black pixel, a glider is a set of offsets, and its texture obeys

    product of x over the glider at (i, j) = c      c = +1 'even', c = -1 'odd'

wherever the glider fits in the picture, and is random otherwise: white noise in the first rows and
columns determines the rest. The sign of each product is flipped with probability ``mixing``, so
that its mean is c (1 - 2 mixing). These are the even and odd textures of Julesz, Gilbert and Victor
(1978, Biological Cybernetics 31), whose glider is the box, and their generalization to other
gliders by Maddess and Nagai (2001, Vision Research 41).

It follows that the mean of a product of pixels is 0, as for white noise, unless the pixels are a
sum modulo 2 of k placements of the glider; then it is (c (1 - 2 mixing))^k. As a polynomial over
GF(2) such a sum is a multiple of the glider's. A multiple has an even number of terms if the glider
has an even number of cells, and never one or two if the cells are not collinear (the Newton polygon
of a product is the sum of the factors'). So, at any mixing:

===== ================================================== ===========================
cells gliders                                            first order to differ
===== ================================================== ===========================
2     dipole                                             second
3     elbow                                              third (even, odd and noise are
                                                         pairwise of equal dipole statistics)
4     box cross zigzag oblong tee el wye kite            fourth (isotrigon)
===== ================================================== ===========================
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lichen.arrays import Array, Mask
from lichen.errors import ImageError, ParameterError, unknown_name

Cell = tuple[int, int]

KINDS = ("noise", "even", "odd", "elements", "turned-elements")

GLIDERS: Mapping[str, tuple[Cell, ...]] = MappingProxyType(
    {
        "dipole": ((0, 0), (0, 1)),
        "elbow": ((0, 0), (1, 0), (1, 1)),
        "box": ((0, 0), (0, 1), (1, 0), (1, 1)),
        "cross": ((0, 1), (1, 0), (1, 2), (2, 1)),
        "zigzag": ((0, 0), (0, 1), (1, 1), (1, 2)),
        "oblong": ((0, 0), (0, 2), (1, 0), (1, 2)),
        "tee": ((0, 0), (0, 1), (0, 2), (1, 1)),
        "el": ((0, 0), (1, 0), (2, 0), (2, 1)),
        "wye": ((0, 0), (0, 2), (1, 1), (2, 1)),
        "kite": ((0, 1), (1, 0), (1, 1), (2, 2)),
    }
)
"""(row, column) of each cell, rows downward. The papers show their gliders as drawings; except for
the box, these shapes and names are this file's own. The last row has one or two cells."""

ISOTRIGON = tuple(name for name, cells in GLIDERS.items() if len(cells) == 4)
"""The gliders whose textures have all statistics up to the third order of white noise."""

_ELEMENT = ("#....", "##...", "#.#..", "#..#.", "#####")
_PITCH = 12
_JITTER = 5


def julesz(
    kind: str,
    size: int | tuple[int, int],
    *,
    seed: int = 0,
    mixing: float = 0.0,
    glider: str = "box",
) -> Array:
    """Generate a binary texture whose statistics are known exactly.

    Parameters
    ----------
    kind
        ``noise``: fair and independent pixels. ``even`` and ``odd``: the texture of ``glider``,
        with an even or odd number of black pixels under it. ``elements``: white triangles on a
        jittered lattice; ``turned-elements``: the same picture rotated by 180 degrees, which
        has identical statistics of first and second order.
    size
        Side in pixels, or (height, width).
    seed
        Same seed, same picture.
    mixing
        For ``even`` and ``odd``: probability, 0 to 1, that the sign of a product is flipped; 0.5
        is white noise, 1 the opposite kind.
    glider
        For ``even`` and ``odd``: a name from :data:`GLIDERS`.

    Returns
    -------
    NDArray
        float32 (H, W, 1), each pixel 0 or 1.

    Raises
    ------
    UnknownNameError
        If there is no such kind or glider.
    ParameterError
        If ``mixing`` is not a probability or used with another kind, or the size is too small.
    """
    if kind not in KINDS:
        raise unknown_name("Julesz texture", kind, KINDS)
    if glider not in GLIDERS:
        raise unknown_name("glider", glider, GLIDERS)
    if not 0 <= mixing <= 1:
        raise ParameterError(f"`mixing` = {mixing} is not allowed", "use a probability, 0 to 1")
    if mixing and kind not in ("even", "odd"):
        raise ParameterError(f"`mixing` does not apply to {kind}", "use even or odd")
    height, width = (size, size) if isinstance(size, int) else size
    cells = GLIDERS[glider] if kind in ("even", "odd") else ((0, 0),)
    needed = max(row for row, _ in cells) + 1, max(column for _, column in cells) + 1
    if height < needed[0] or width < needed[1]:
        what = glider if kind in ("even", "odd") else kind
        raise ParameterError(
            f"`size` {width}x{height} is too small for {what}",
            f"use at least {needed[1]}x{needed[0]}",
        )
    rng = np.random.default_rng(seed)
    if kind in ("even", "odd"):
        black = _glider_texture(cells, kind == "odd", mixing, (height, width), rng)
    elif kind == "noise":
        black = rng.random((height, width)) < 0.5
    else:
        black = ~_strewn_elements((height, width), rng)
        black = black[::-1, ::-1] if kind == "turned-elements" else black
    return np.ascontiguousarray(~black, dtype=np.float32)[:, :, None]


def patch_in_background(
    foreground: NDArray[Any], background: NDArray[Any], *, fraction: float = 0.5
) -> Array:
    """Put a patch of one texture into the centre of another: the display of a segregation test.

    Parameters
    ----------
    foreground, background
        (H, W, C), of equal shapes; the patch is the centre of ``foreground``.
    fraction
        Sides of the patch relative to those of the picture, between 0 and 1.

    Returns
    -------
    NDArray
        float32 (H, W, C).

    Raises
    ------
    ImageError
        If their shapes differ.
    ParameterError
        If the fraction leaves no patch or no background.
    """
    if foreground.shape != background.shape or foreground.ndim != 3:
        raise ImageError(
            f"foreground {foreground.shape} and background {background.shape} do not match",
            "give two (H, W, C) arrays of equal shapes",
        )
    height, width = foreground.shape[:2]
    rows, columns = round(height * fraction), round(width * fraction)
    if not (0 < rows < height and 0 < columns < width):
        raise ParameterError(f"`fraction` = {fraction} is not allowed", "use about 0.5")
    top, left = (height - rows) // 2, (width - columns) // 2
    inside = np.s_[top : top + rows, left : left + columns]
    display = background.astype(np.float32)
    display[inside] = foreground[inside]
    return display


def _glider_texture(
    cells: tuple[Cell, ...],
    odd: bool,
    mixing: float,
    size: tuple[int, int],
    rng: np.random.Generator,
) -> Mask:
    """Solve parity of black under the glider = odd, row by row, for the glider's last cell."""
    height, width = size
    *others, (pivot_row, pivot_column) = sorted(cells)
    n_columns = width - max(column for _, column in cells)  # placements of the glider in a row
    black = rng.random(size) < 0.5
    parities = (rng.random((height - pivot_row, n_columns)) < mixing) ^ odd
    for top, parity in enumerate(parities):
        row = black[top + pivot_row]
        for cell_row, column in others:
            if cell_row != pivot_row:
                parity = parity ^ black[top + cell_row, column : column + n_columns]
        beside = [column for cell_row, column in others if cell_row == pivot_row]
        if not beside:
            row[pivot_column : pivot_column + n_columns] = parity
            continue
        lag = pivot_column - beside[0]
        for first in range(beside[0], pivot_column):  # pixels of a row are coupled at this lag
            chain = row[first::lag]
            chain = chain[: 1 + len(parity[first - beside[0] :: lag])]
            chain[1:] = parity[first - beside[0] :: lag]
            np.bitwise_xor.accumulate(chain, out=chain)
    return black


def _strewn_elements(size: tuple[int, int], rng: np.random.Generator) -> Mask:
    """White triangles, one in each cell of a square lattice, at a random position in it."""
    element = np.array([[mark == "#" for mark in line] for line in _ELEMENT])
    rows, columns = size[0] // _PITCH + 2, size[1] // _PITCH + 2
    field = np.zeros((rows * _PITCH, columns * _PITCH), np.bool_)
    for row in range(rows):
        for column in range(columns):
            top, left = rng.integers(0, _JITTER + 1, 2) + np.array([row, column]) * _PITCH
            field[top : top + len(element), left : left + element.shape[1]] = element
    top, left = rng.integers(0, _PITCH, 2)
    return field[top : top + size[0], left : left + size[1]]
