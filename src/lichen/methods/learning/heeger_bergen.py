"""Texture synthesis with the histograms of a steerable pyramid's bands.

D. J. Heeger and J. R. Bergen, "Pyramid-Based Texture Analysis/Synthesis", SIGGRAPH 1995; borders
as in T. Briand, J. Vacher, B. Galerne and J. Rabin, "The Heeger & Bergen Pyramid Based Texture
Synthesis Algorithm", Image Processing On Line 4, 2014.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from scipy.ndimage import distance_transform_edt

from lichen.canvas import Canvas
from lichen.errors import ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context, Method
from lichen.statistics.random_phase import periodic_component
from lichen.step import Step

if TYPE_CHECKING:  # torch is imported when a run begins, not to list the parameters
    from lichen.features.steerable_pyramid import SteerablePyramid

Array = NDArray[np.float32]
Values = NDArray[np.floating[Any]]
"""Of a plane or a band, in either precision."""
Mask = NDArray[np.bool_]
Parallel = Callable[..., Iterator[Any]]
"""``map`` of a pool of threads: NumPy sorts without holding the interpreter."""

COARSEST = 8
"""Smallest side of the low-pass, in samples. Fewer make no better pictures, and less varied ones:
the values at the coarsest scales are the exemplar's own few."""
FAINTEST = 1e-5
"""Planes of a lower standard deviation are left at their mean: a grey picture stored as RGB."""


class HeegerBergen(Method):
    """Give noise the histograms of the exemplar's pixels and of the bands of its pyramid.

    The colours are turned onto the principal axes of the usable pixels, all maps together, and
    each plane is made alone. White noise is given the histogram of the plane. Then, as often as
    ``iterations`` says: every band of the picture's steerable pyramid, high-pass and low-pass
    too, is given the histogram of the exemplar's band; the pyramid is put together; the pixels
    are given their histogram again.

    ``losses["total"]`` is the sum over all bands of the squared 2-Wasserstein distance to the
    exemplar's, over the exemplar's variance. The pyramid is a tight frame, so this is the share
    of the picture's power that would have to be moved.

    The result tiles, asked or not. Each plane has the exemplar's histogram to the last value,
    but where colours beyond [0, 1] are clipped: planes that are made alone meet in colours that
    the exemplar does not have. Of brown rust that is 1 % of the pixels, of red peppers 30 %.
    Right for what is stochastic; of edges, objects and regularity histograms say nothing. Maps
    keep their correlations and no more: normals do not keep their length, smooth heights get
    grain from the rest.

    More iterations: the paper warns that they may diverge. With this pyramid, which has no error
    of its own, they did not: on six photographs of 128 px the loss fell from the fifth iteration
    to the hundredth to 0.2 to 0.4 of what it was, of peppers to 0.7, and until the four hundredth
    did not rise again by one percent. The pictures hardly change after the tenth, but where there
    are long edges: those of a brick wall still grow at the fiftieth.

    Departures from the paper: histograms are matched by rank, not by bins; the pyramid is that
    of Portilla and Simoncelli, exact on any size; an exemplar that does not tile is analysed by
    its periodic component (Moisan 2011), but for the histogram of its pixels, in which a slope of
    light stays and makes the contrast too strong; pixels that may not be used are filled from the
    nearest that may, and what bands have there is not counted.
    """

    name: ClassVar[str] = "heeger_bergen"
    citation: ClassVar[str] = (
        "Heeger, Bergen: Pyramid-Based Texture Analysis/Synthesis, SIGGRAPH 1995"
    )
    honours: ClassVar[frozenset[str]] = frozenset(
        {"wrap", "init", "mask", "maps", "continues", "video"}
    )
    minimum_size: ClassVar[int] = 2
    presets: ClassVar = {"isotropic": {"orientations": 1}}

    iterations: Annotated[
        int, Field(ge=1, le=1000, description="times that all histograms are matched")
    ] = 10
    scales: Annotated[
        int | None,
        Field(ge=1, le=16, description="octaves; as many as leave 8 px a side when not given"),
    ] = None
    orientations: Annotated[
        int, Field(ge=1, le=16, description="orientations of each octave; 1 has none")
    ] = 4
    decorrelate: Annotated[
        bool, Field(description="take principal axes of colour for planes, not the channels")
    ] = True
    periodic: Annotated[bool, Field(description="the exemplar tiles: analyse it as it is")] = False
    precision: Annotated[
        Literal["float32", "float64"],
        Field(description="of planes and bands; rounding decides the ranks of near equals"),
    ] = "float32"

    def check(self, exemplars: Sequence[Exemplar], canvas: Canvas) -> None:
        """Raise before any work if this method cannot make this canvas from these exemplars."""
        super().check(exemplars, canvas)
        most = min(*exemplars[0].size, *canvas.size).bit_length() - 1
        if self.scales is not None and self.scales > most:
            raise ParameterError(
                f"scales = {self.scales} are too many for these sizes", f"give at most {most}"
            )

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        """Yield a step per iteration."""
        exemplar = exemplars[0]
        palette = Palette.of(exemplar, self.decorrelate)
        example = palette.planes(_continued(exemplar)).astype(self.precision)
        start = self._start(canvas, context, palette, example).astype(self.precision)
        split = partial(self._bands, self.scales or _n_scales(exemplar.size, canvas.size))
        # Planes wait for their bands, so these have threads of their own.
        with (
            _torch_alone(),
            _workers(context.threads) as ours,
            _workers(context.threads) as pool,
        ):
            analyse = partial(self._target, mask=exemplar.mask, split=split, parallel=pool.map)
            targets = list(ours.map(analyse, example))
            running = [
                _iterate(plane, target, split, pool.map)
                for plane, target in zip(start, targets, strict=True)
            ]
            variance = sum(float(target.pixels.var()) for target in targets) or 1.0
            done = 0 if context.resume is None else context.resume.iteration
            for iteration in range(done, self.iterations + 1):
                states = list(ours.map(next, running))
                if iteration == done:  # the start, with its pixels matched
                    continue
                made = np.array([plane for plane, _ in states], self.precision)
                made = made.reshape(len(states), *canvas.size)  # also where there are none
                yield Step(
                    palette.pixels(made).clip(0, 1),
                    {"total": sum(distance for _, distance in states) / variance},
                    iteration=iteration,
                    n_iterations=self.iterations,
                    fraction=iteration / self.iterations,
                )

    def continued(self, iterations: int) -> Self:
        """Return the method that takes a picture ``iterations`` further."""
        return self.model_copy(update={"iterations": iterations})

    def optimizes(self) -> frozenset[str]:
        """Histograms of the colours."""
        return frozenset({"histogram"})

    def _bands(self, scales: int, plane: Values) -> SteerablePyramid:
        import torch

        from lichen.features.steerable_pyramid import steerable_pyramid

        return steerable_pyramid(torch.from_numpy(plane), scales, self.orientations)

    def _target(
        self,
        plane: Values,
        mask: Mask | None,
        split: Callable[[Values], SteerablePyramid],
        parallel: Parallel,
    ) -> Target:
        """What is kept of a plane (H, W) of the exemplar."""
        shown = plane
        if not self.periodic:
            shown = periodic_component(plane[..., None])[..., 0].astype(plane.dtype)
        kept = [_usable(values, mask) for values in (plane, *_arrays(split(shown)))]
        pixels, *bands = parallel(np.sort, kept)
        return Target(pixels, bands)

    def _start(self, canvas: Canvas, context: Context, palette: Palette, example: Values) -> Values:
        """Planes (P, H, W) before their histograms are matched."""
        import torch

        from lichen.solve.pyramid import fit

        if context.resume is not None:
            return palette.planes(context.resume.image)
        if isinstance(canvas.init, Exemplar):
            return palette.planes(canvas.init.pixels)
        if canvas.init == "exemplar":
            return fit(torch.from_numpy(example)[None], canvas.size)[0].numpy()
        generator = context.torch_generator("noise")
        return torch.randn((len(example), *canvas.size), generator=generator).numpy()


@dataclass(frozen=True, eq=False)
class Palette:
    """Axes along which colours do not go together: pixels = mean + axes planes.

    Attributes
    ----------
    mean
        (C,).
    axes
        (C, P), orthonormal columns, P at most C: without those along which nothing varies.
    """

    mean: NDArray[np.float64]
    axes: NDArray[np.float64]

    @classmethod
    def of(cls, exemplar: Exemplar, decorrelate: bool = True) -> Palette:
        """Take the principal axes of the usable pixels, or the channels as they are."""
        pixels = exemplar.pixels.reshape(-1, exemplar.channels).astype(np.float64)
        colours = pixels if exemplar.mask is None else pixels[exemplar.mask.ravel()]
        mean = colours.mean(0)
        covariance = (colours - mean).T @ (colours - mean) / len(colours)
        if decorrelate:
            variances, axes = np.linalg.eigh(covariance)
        else:
            variances, axes = np.diag(covariance), np.eye(exemplar.channels)
        return cls(mean, axes[:, variances > FAINTEST**2])

    def planes(self, pixels: Array) -> Values:
        """(H, W, C) to (P, H, W)."""
        turned = (pixels - self.mean) @ self.axes
        return np.ascontiguousarray(turned.transpose(2, 0, 1))

    def pixels(self, planes: Values) -> Array:
        """(P, H, W) to float32 (H, W, C)."""
        turned = planes.transpose(1, 2, 0) @ self.axes.T + self.mean
        return turned.astype(np.float32)


@dataclass(frozen=True, eq=False)
class Target:
    """The histograms of a plane, as rising values: of its pixels, and band by band."""

    pixels: Values
    bands: Sequence[Values]


def _iterate(
    plane: Values,
    target: Target,
    split: Callable[[Values], SteerablePyramid],
    parallel: Parallel,
) -> Iterator[tuple[Values, float]]:
    """Yield the plane and the distance of its bands: with the pixels matched, then each time."""
    from lichen.features.steerable_pyramid import reconstruct

    while True:
        plane = match_histogram(plane, target.pixels)
        pyramid = split(plane)
        distances = parallel(_match_in_place, _arrays(pyramid), target.bands)
        yield plane, sum(distances)
        plane = reconstruct(pyramid).numpy()


def match_histogram(values: Values, wanted: Values) -> Values:
    """Replace each value by the wanted one of its rank; of equal ones the first has the lowest.

    Parameters
    ----------
    values
        float32 or float64, any shape.
    wanted
        Rising values, any number: they are taken at the shares (i + 1/2) / n of n values.

    Returns
    -------
    NDArray
        As ``values``.
    """
    order = _order(values.ravel())
    if len(wanted) != len(order):
        shares, known = ((np.arange(n) + 0.5) / n for n in (len(order), len(wanted)))
        wanted = np.interp(shares, known, wanted)
    matched = np.empty(len(order), values.dtype)
    matched[order] = wanted
    return matched.reshape(values.shape)


def _order(values: Values) -> NDArray[np.intp]:
    """Stable argsort of (N,), 16 bits at a time: for so many NumPy has a radix sort.

    On float32 half of the time of ``argsort``, where the method would spend most of its own.
    """
    bits = values.view(f"u{values.itemsize}")
    last = 8 * values.itemsize - 1
    sign = bits.dtype.type(1 << last)
    rising = bits ^ (-(bits >> last) | sign)  # negative ones turned over, the others above them
    first, *rest = ((rising >> shift).astype(np.uint16) for shift in range(0, last, 16))
    order = first.argsort(kind="stable")
    for digits in rest:
        order = order[digits[order].argsort(kind="stable")]
    return order


@contextmanager
def _torch_alone() -> Iterator[None]:
    """Keep torch to one thread: its own, which wait by turning, would be in the way of ours."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _workers(n: int) -> ThreadPoolExecutor:
    """Threads in each of which torch is told to stay alone.

    One that it was not told in has more for its first FFT, whose last bits are then others.
    """
    import torch

    return ThreadPoolExecutor(n, initializer=torch.set_num_threads, initargs=(1,))


def _match_in_place(band: Values, wanted: Values) -> float:
    """Match a band; give the mean square of what that moved."""
    matched = match_histogram(band, wanted)
    moved = float(np.square(matched - band).mean())
    band[...] = matched
    return moved


def _arrays(pyramid: SteerablePyramid) -> list[Values]:
    """All bands (h, w), not copied: what is written there is in the pyramid."""
    oriented = [band.numpy() for scale in pyramid.bands for band in scale]
    return [pyramid.highpass.numpy(), *oriented, pyramid.lowpass.numpy()]


def _n_scales(*sizes: tuple[int, int]) -> int:
    """Octaves that leave a low-pass of :data:`COARSEST` samples a side."""
    return max(1, (min(map(min, sizes)) // COARSEST).bit_length() - 1)


def _continued(exemplar: Exemplar) -> Array:
    """Give what may not be used the colour of the nearest pixel that may: no edge, no band."""
    if exemplar.mask is None:
        return exemplar.pixels
    nearest = distance_transform_edt(~exemplar.mask, return_distances=False, return_indices=True)
    return exemplar.pixels[tuple(nearest)]


def _usable(band: Values, mask: Mask | None) -> Values:
    """Samples whose cells may be used by half or, if there are none, by as much as any, (N,)."""
    if mask is None:
        return band.ravel()
    import torch

    cells = torch.from_numpy(mask).float()[None]
    share = torch.nn.functional.adaptive_avg_pool2d(cells, (band.shape[0], band.shape[1]))[0]
    return band[(share >= min(0.5, float(share.max()))).numpy()]
