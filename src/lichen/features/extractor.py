"""What every φ offers: layers by name, one forward pass, borders as the caller says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Literal

import torch
from torch import Tensor, nn

from lichen.errors import unknown_name

BorderMode = Literal["zero", "reflect", "replicate", "circular"]
"""What lies beyond an edge: nothing, the mirrored image, its last pixel, the other side."""

Border = tuple[BorderMode, BorderMode]
"""Border mode of rows (top and bottom) and of columns (left and right)."""


class FeatureExtractor(nn.Module, ABC):
    """A frozen map from an sRGB image to named feature maps.

    Attributes
    ----------
    network
        Name under which results say which network was used.
    layers
        All layer names, shallow to deep.
    default_layers
        The layers that a method takes when its user names none.
    strides
        Pixels of the image per position of the layer's map, by layer name.
    """

    network: str
    layers: tuple[str, ...]
    default_layers: tuple[str, ...]
    strides: Mapping[str, int]

    @abstractmethod
    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        """Compute the maps of ``layers``.

        Parameters
        ----------
        image
            Shape (B, 3, H, W), sRGB in [0, 1], float32 or float64.
        layers
            Names out of ``self.layers``; computation stops at the deepest.
        border
            Border mode of rows and of columns, at every layer.

        Returns
        -------
        dict[str, Tensor]
            (B, C, H', W') maps in the extractor's own precision, by layer name.
        """

    @abstractmethod
    def channels(self, layer: str) -> int:
        """Number of channels of a layer."""

    def check_layers(self, layers: Sequence[str]) -> None:
        """Raise :class:`~lichen.errors.UnknownNameError` for a layer this network lacks."""
        for layer in layers:
            if layer not in self.layers:
                raise unknown_name(f"layer of {self.network}", layer, self.layers)


def pad(maps: Tensor, rows: tuple[int, int], columns: tuple[int, int], border: Border) -> Tensor:
    """Pad (B, C, H, W) maps by (before, after) rows and columns, each axis in its own mode.

    Maps smaller than the padding are extended again and again, so that any size works.
    """
    for axis, (before, after), mode in ((2, rows, border[0]), (3, columns, border[1])):
        if before or after:
            maps = _pad_axis(maps, axis, before, after, mode)
    return maps


def _pad_axis(maps: Tensor, axis: int, before: int, after: int, mode: BorderMode) -> Tensor:
    if mode == "zero":
        widths = (0, 0, before, after) if axis == 2 else (before, after)
        return nn.functional.pad(maps, widths)
    size = maps.shape[axis]
    index = border_index(size, before, after, mode)
    if before <= 1 and after <= 1:
        # A concatenation of narrow slices is several times faster than a gather.
        parts = [maps.narrow(axis, index[0], 1)] if before else []
        parts.append(maps)
        parts += [maps.narrow(axis, index[-1], 1)] if after else []
        return torch.cat(parts, dim=axis)
    return maps.index_select(axis, torch.tensor(index, device=maps.device))


def border_index(size: int, before: int, after: int, mode: BorderMode) -> list[int]:
    """Source position of each padded position along an axis of ``size`` (not for ``zero``)."""
    positions = range(-before, size + after)
    if mode == "circular":
        return [i % size for i in positions]
    if mode == "replicate" or size == 1:
        return [min(max(i, 0), size - 1) for i in positions]
    period = 2 * (size - 1)
    return [min(i % period, period - i % period) for i in positions]
