"""Costs of seams: between two pixels, two patches are compared on both of them.

Kwatra, Schödl, Essa, Turk and Bobick, "Graphcut Textures: Image and Video Synthesis Using Graph
Cuts", SIGGRAPH 2003. A picture is where each pixel was copied from; two neighbouring pixels have
a seam between them if they were no neighbours there. A seam between the patches A and B at the
pixels s and t costs ``|A(s) - B(s)| + |A(t) - B(t)|``, and in the paper's second cost this is
divided by the gradients of A and B along the link, as a seam shows less on an edge.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lichen.arrays import Array, IntArray, Mask
from lichen.patches.windows import Indices

FLATNESS = 0.25
"""Least gradient, in mean gradients: a seam where there is none costs five times that on a mean
slope, and not infinitely more."""


@dataclass(frozen=True, eq=False)
class Source:
    """The example that patches are copied from.

    Attributes
    ----------
    features
        float32 (h, w, F): by which seams are measured.
    region
        int32 (h, w): number of the connected area of each pixel, 0 where it may not be used.
        Patches end where their area does.
    gradient
        Mean length of the differences of neighbours, for costs divided by gradients; 0 for those
        that are not.
    """

    features: Array
    region: IntArray
    gradient: float = 0.0

    def beyond(self, sources: IntArray, axis: int, step: int) -> IntArray:
        """IntArray one step further along an axis, -1 where the area has ended."""
        width = self.region.shape[1]
        column = sources % width + (step if axis else 0)
        moved = sources + (step if axis else step * width)
        inside = (sources >= 0) & (column >= 0) & (column < width)
        inside &= (moved >= 0) & (moved < self.region.size)
        area = self.region.ravel()
        inside &= area[np.where(inside, moved, 0)] == area[np.maximum(sources, 0)]
        return np.where(inside, moved, -1).astype(np.int32)

    def relief(self, slope: Array, other_slope: Array) -> Array:
        """Factor on a cost, given both patches' differences along the link."""
        if not self.gradient:
            return np.ones_like(slope)
        mean = (slope + other_slope) / (2 * self.gradient)
        return (1 + FLATNESS) / (FLATNESS + mean)


@dataclass(frozen=True, eq=False)
class Links:
    """Cost of the link from each pixel to its neighbour, float32 (H, W) each.

    If both are replaced there is none.

    Attributes
    ----------
    both_old
        If both stay: 0 where there is no seam.
    old_new
        If the neighbour is replaced.
    new_old
        If the pixel is.
    """

    both_old: Array
    old_new: Array
    new_old: Array


def seam_costs(
    source: Source, image: Array, sources: IntArray, filled: Mask, axis: int, wrap: bool
) -> Array:
    """Cost of the seam between each pixel and its neighbour below (axis 0) or to the right (1).

    Parameters
    ----------
    image, sources, filled
        float32 (H, W, F), int32 (H, W) and bool (H, W): features, the source pixels that they
        were copied from, negative for known pixels, and pixels that have values.
    wrap
        Whether the first line follows upon the last, whose costs are 0 if not.

    Returns
    -------
    NDArray
        float32 (H, W). Where a patch ends at the seam, the difference beyond counts as that on this
        side; where both patches do, the jump between the pixels counts.
    """
    cost = np.zeros(sources.size, np.float32)
    s, t = _neighbours(sources.shape, axis, wrap)
    lies, flat = filled.ravel(), sources.ravel()
    seam = _is_seam(source, flat, s, t, axis) & lies[s] & lies[t]
    seam &= (flat[s] >= 0) | (flat[t] >= 0)
    s, t = s[seam], t[seam]
    cost[s] = _Seams.of(source, image, flat, s, t, axis).cost()
    return cost.reshape(sources.shape)


def link_costs(source: Source, image: Array, sources: IntArray, patch: Array, axis: int) -> Links:
    """Cost of a cut at each link of a rectangle that a patch is laid over.

    Parameters
    ----------
    image, sources
        float32 (H, W, F) and int32 (H, W): what is there; anything finite where nothing is.
    patch
        float32 (H, W, F): the patch; anything finite where it has no pixels.
    axis
        0 for the links to the pixels below, 1 to the right; those of the last line are 0.
    """
    s, t = _neighbours(sources.shape, axis, wrap=False)
    old, new = (pixels.reshape(-1, pixels.shape[2]) for pixels in (image, patch))
    apart = _length(old - new)
    both_old, old_new, new_slope = (np.zeros_like(apart) for _ in range(3))
    old_new[s] = apart[s] + apart[t]
    if source.gradient:
        new_slope[s] = _length(new[t] - new[s])
        old_new[s] *= source.relief(_length(old[t] - old[s]), new_slope[s])
    new_old = old_new.copy()

    seam = _is_seam(source, sources.ravel(), s, t, axis)
    s, t = s[seam], t[seam]
    seams = _Seams.of(source, image, sources.ravel(), s, t, axis)
    both_old[s] = seams.cost()
    at_s, at_t = apart[s], apart[t]
    at_next = np.where(seams.first_continues, _length(seams.first - new[t]), at_s)
    at_this = np.where(seams.second_continues, _length(seams.second - new[s]), at_t)
    old_new[s] = (at_s + at_next) * source.relief(seams.first_slope(), new_slope[s])
    new_old[s] = (at_this + at_t) * source.relief(seams.second_slope(), new_slope[s])
    return Links(*(cost.reshape(sources.shape) for cost in (both_old, old_new, new_old)))


@dataclass(frozen=True, eq=False)
class _Seams:
    """Seams between pixels s and t, (N, F), and what their patches would have beyond."""

    source: Source
    at_s: Array
    at_t: Array
    first: Array  # the patch of s, at t
    second: Array  # the patch of t, at s
    first_continues: Mask
    second_continues: Mask

    @classmethod
    def of(
        cls, source: Source, image: Array, sources: IntArray, s: Indices, t: Indices, axis: int
    ) -> _Seams:
        features = source.features.reshape(-1, source.features.shape[2])
        pixels = image.reshape(-1, image.shape[2])
        after = source.beyond(sources[s], axis, 1)
        before = source.beyond(sources[t], axis, -1)
        first, second = features[np.maximum(after, 0)], features[np.maximum(before, 0)]
        return cls(source, pixels[s], pixels[t], first, second, after >= 0, before >= 0)

    def cost(self) -> Array:
        at_s, at_t = _length(self.at_s - self.second), _length(self.first - self.at_t)
        jump = _length(self.at_s - self.at_t)
        either = np.where(self.first_continues, at_t, jump)
        at_s = np.where(self.second_continues, at_s, either)
        at_t = np.where(self.first_continues, at_t, at_s)
        return (at_s + at_t) * self.source.relief(self.first_slope(), self.second_slope())

    def first_slope(self) -> Array:
        slope = _length(self.first - self.at_s)
        return np.where(self.first_continues, slope, np.float32(self.source.gradient))

    def second_slope(self) -> Array:
        slope = _length(self.at_t - self.second)
        return np.where(self.second_continues, slope, np.float32(self.source.gradient))


def _length(difference: Array) -> Array:
    return np.sqrt(np.einsum("nc,nc->n", difference, difference))


def _neighbours(shape: tuple[int, ...], axis: int, wrap: bool) -> tuple[Indices, Indices]:
    """Flat indices of pixels and of their neighbours along an axis."""
    index = np.arange(shape[0] * shape[1]).reshape(shape)
    following = np.roll(index, -1, axis)
    inner = tuple(slice(None, -1) if k == axis and not wrap else slice(None) for k in (0, 1))
    return index[inner].ravel(), following[inner].ravel()


def _is_seam(source: Source, sources: IntArray, s: Indices, t: Indices, axis: int) -> Mask:
    after = source.beyond(sources[s], axis, 1)
    return (after < 0) | (after != sources[t])
