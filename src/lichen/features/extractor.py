"""What every φ offers: layers by name, one forward pass, borders as the caller says."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal

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
        if not before and not after:
            continue
        if mode == "zero":
            widths = (0, 0, before, after) if axis == 2 else (before, after)
            maps = nn.functional.pad(maps, widths)
        else:
            index = border_index(maps.shape[axis], before, after, mode)
            maps = maps.index_select(axis, torch.tensor(index, device=maps.device))
    return maps


def pad_by_one(maps: Tensor, border: Border) -> Tensor:
    """Pad (B, C, H, W) maps by one row and column on every side; several times faster than pad."""
    if "zero" in border:
        return pad(maps, (1, 1), (1, 1), border)
    padded: Tensor = _PadByOne.apply(maps, border)  # type: ignore[no-untyped-call]
    return padded


class _PadByOne(torch.autograd.Function):
    """One copy into a larger map and four edges; backwards one copy out, edges added.

    Composed of slices and concatenations the backward pass would fill and add whole maps.
    """

    @staticmethod
    def forward(ctx: Any, maps: Tensor, border: Border) -> Tensor:
        batch, channels, height, width = maps.shape
        ctx.border = border
        padded = torch.empty(
            (batch, channels, height + 2, width + 2),
            dtype=maps.dtype,
            device=maps.device,
            memory_format=torch.channels_last,
        )
        top, bottom = _beyond(height, border[0])
        left, right = _beyond(width, border[1])
        padded[:, :, 1:-1, 1:-1] = maps
        padded[:, :, 0, 1:-1] = maps[:, :, top]
        padded[:, :, -1, 1:-1] = maps[:, :, bottom]
        padded[:, :, :, 0] = padded[:, :, :, left + 1]
        padded[:, :, :, -1] = padded[:, :, :, right + 1]
        return padded

    @staticmethod
    def backward(ctx: Any, *upstream: Tensor) -> tuple[Tensor, None]:
        gradient = upstream[0]
        height, width = gradient.shape[2] - 2, gradient.shape[3] - 2
        top, bottom = _beyond(height, ctx.border[0])
        left, right = _beyond(width, ctx.border[1])
        inner = gradient[:, :, 1:-1, 1:-1].clone(memory_format=torch.channels_last)
        for row, target in ((0, top), (-1, bottom)):
            inner[:, :, target] += gradient[:, :, row, 1:-1]
        for column, target in ((0, left), (-1, right)):
            edge = gradient[:, :, 1:-1, column].clone()
            edge[:, :, top] += gradient[:, :, 0, column]
            edge[:, :, bottom] += gradient[:, :, -1, column]
            inner[:, :, :, target] += edge
        return inner, None


def _beyond(size: int, mode: BorderMode) -> tuple[int, int]:
    """Positions whose values stand just before the first and just after the last one."""
    index = border_index(size, 1, 1, mode)
    return index[0], index[-1]


def border_index(size: int, before: int, after: int, mode: BorderMode) -> list[int]:
    """Source position of each padded position along an axis of ``size`` (not for ``zero``)."""
    positions = range(-before, size + after)
    if mode == "circular":
        return [i % size for i in positions]
    if mode == "replicate" or size == 1:
        return [min(max(i, 0), size - 1) for i in positions]
    period = 2 * (size - 1)
    return [min(i % period, period - i % period) for i in positions]
