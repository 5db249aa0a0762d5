"""Gradients of statistics as spectra, and their inner products.

A statistic of scale s depends on a picture's lowest frequencies only, so its gradient is held as
the spectrum of the crop that its scale has. Of a large octave a sample of the frequencies will do:
the products are sums over all of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

Size = tuple[int, int]


class GradientRows:
    """Gradients of numbered statistics with respect to planes (P, H, W), added up part by part.

    A part is the spectrum Q (h, w // 2 + 1), not normalised, for which the change of a statistic is
    Re sum_f conj(Q) dX over the whole crop, X being the amplitudes of the plane (a transform
    divided by H W). A crop smaller than the picture holds nothing at its frequency of Nyquist.

    Parameters
    ----------
    planes
        (P, H, W), for their size and kind.
    sizes
        Of the crops that will be added, largest first; the first is the picture's.
    most
        Frequencies that are kept at most of those that one crop has and the next lacks: memory,
        and noise in the products.
    """

    def __init__(self, planes: Tensor, sizes: Sequence[Size], most: int) -> None:
        self._kept, self._roots = _frequencies(sizes, most)
        self._roots = self._roots.to(planes)
        # Of each plane and size: numbers and rows.
        self._parts: list[dict[Size, list[tuple[Tensor, Tensor]]]] = [
            {size: [] for size in sizes} for _ in planes
        ]

    def add(self, plane: int, numbers: Tensor, spectra: Tensor, size: Size) -> None:
        """Add spectra (B, h, w // 2 + 1) of crops h x w to gradients with these numbers (B,)."""
        kept = self._kept[size]
        rows = torch.view_as_real(spectra.flatten(1)[:, kept] * self._roots[: len(kept)])
        self._parts[plane][size].append((numbers, rows.flatten(1)))

    def products(self, count: int) -> Tensor:
        """Inner products of the gradients of ``count`` statistics, (count, count) float64."""
        found = torch.zeros(count, count, dtype=torch.float64)
        for parts in self._parts:
            joined = [_joined(part) for part in parts.values() if part]
            for place, (numbers, rows) in enumerate(joined):
                _accumulate(found, numbers, numbers, rows @ rows.mT)
                for others, coarser in joined[place + 1 :]:
                    block = rows[:, : coarser.shape[1]] @ coarser.mT
                    _accumulate(found, numbers, others, block)
                    _accumulate(found, others, numbers, block.mT)
        return found


def _frequencies(sizes: Sequence[Size], most: int) -> tuple[dict[Size, Tensor], Tensor]:
    """Where each crop's halved spectrum, flat, has the frequencies that are kept; roots of weights.

    Those of a smaller crop come first, so that a row of a larger one begins with them.
    """
    picture = sizes[0]
    y, x = torch.meshgrid(
        torch.arange(picture[0]) - picture[0] // 2, torch.arange(picture[1] // 2 + 1), indexing="ij"
    )
    y, x = y.flatten(), x.flatten()
    once = (x == 0) | (2 * x == picture[1])  # other columns stand for two
    weights = torch.where(once, 1.0, 2.0).double() / (picture[0] * picture[1])
    chosen, roots, counts = [], [], {}
    left = torch.ones_like(once)
    generator = torch.Generator().manual_seed(0)
    for size in reversed(sizes):
        inside = left if size == picture else left & (2 * y.abs() < size[0]) & (2 * x < size[1])
        places = inside.nonzero().flatten()
        left = left & ~inside
        share = 1.0
        if len(places) > most:
            share = len(places) / most
            places = places[torch.randperm(len(places), generator=generator)[:most]]
        chosen.append(places)
        roots.append((weights[places] * share).sqrt())
        counts[size] = sum(map(len, chosen))
    order = torch.cat(chosen)
    kept = {
        (height, width): (y[order[:count]] % height) * (width // 2 + 1) + x[order[:count]]
        for (height, width), count in counts.items()
    }
    return kept, torch.cat(roots)


def _joined(parts: Sequence[tuple[Tensor, Tensor]]) -> tuple[Tensor, Tensor]:
    numbers, rows = zip(*parts, strict=True)
    return torch.cat(numbers), torch.cat(rows)


def _accumulate(found: Tensor, rows: Tensor, columns: Tensor, block: Tensor) -> None:
    found.index_put_((rows[:, None], columns[None, :]), block.double(), accumulate=True)
