"""Give maps a wanted autocovariance at shifts of a few samples.

Appendix of Portilla and Simoncelli (IJCV 40:49, 2000). A filter with the power transfer h(k)
multiplies the power spectrum P; with h the transform of an even kernel of the neighbourhood's
size, the autocovariances wanted are linear in the kernel. The filter's amplitude is sqrt(|h|),
its phase nought.

Departure: where h would be negative at some frequency its modulus does not give what is wanted,
and the step is taken again from there, up to a few times.

Spectra are amplitudes (``norm="forward"``), halved as by ``torch.fft.rfft2``: then the
autocovariance at shift d is the sum over k of P(k) cos(2 pi k.d).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor

ROUNDS = 4
NEAR = 1e-5
"""Miss, relative to the variance, at which there is no further round."""

RIDGE = 1e-5
"""Of the system's diagonal. Without it, waves that are next to nothing in the map, and so decide
next to nothing, are made a hundred times stronger; nor is it enough to be seen in the result."""


def adjust_autocovariance(spectrum: Tensor, wanted: Tensor, size: tuple[int, int]) -> Tensor:
    """Filter maps so that their autocovariances become those that are wanted.

    Parameters
    ----------
    spectrum
        Complex (B, h, w // 2 + 1), amplitudes, nothing at frequency 0.
    wanted
        (B, N, N), N odd, the variance at the centre; entry [N // 2 + y, N // 2 + x] is for a
        shift of y samples down and x to the right.
    size
        h and w.

    Returns
    -------
    Tensor
        Complex (B, h, w // 2 + 1). A map without variance stays.
    """
    waves = _waves(size, wanted.shape[-1] // 2, spectrum.real.dtype, spectrum.device)
    power = spectrum.real.square() + spectrum.imag.square()
    target = wanted.double().flatten(1)[:, waves.half]  # (B, M)
    gain = torch.ones_like(power)
    for _ in range(ROUNDS):
        wide = waves.autocovariance(power)  # (B, 4 reach + 1, 4 reach + 1)
        variance = wide[:, wide.shape[1] // 2, wide.shape[2] // 2, None]
        miss = target - wide.flatten(1)[:, waves.narrow]
        miss = torch.where(variance > 0, miss, 0)
        if bool((miss.abs() <= NEAR * variance).all()):
            break
        factor = waves.transfer(waves.kernel(wide, miss))
        gain, power = gain * factor, power * factor
    return spectrum * gain.sqrt()


@dataclass(frozen=True)
class _Waves:
    """Cosines and sines of the shifts in reach, and where their entries are in flat tables.

    Attributes
    ----------
    down_cosine, down_sine
        (4 reach + 1, h).
    across_cosine, across_sine
        (4 reach + 1, w // 2 + 1).
    twice
        (w // 2 + 1), 2 for the columns of a halved spectrum that stand for two.
    half
        (M,) the centre of a flat N x N table and the shifts after it.
    narrow
        (M,) the same shifts in a flat (4 reach + 1)^2 table.
    differences, sums
        (M, M) where the differences and sums of two such shifts are in that table.
    """

    down_cosine: Tensor
    down_sine: Tensor
    across_cosine: Tensor
    across_sine: Tensor
    twice: Tensor
    half: Tensor
    narrow: Tensor
    differences: Tensor
    sums: Tensor

    def autocovariance(self, power: Tensor) -> Tensor:
        """At all shifts up to twice the reach, float64."""
        weighted = power * self.twice
        cosine = self.down_cosine @ (weighted @ self.across_cosine.T)
        sine = self.down_sine @ (weighted @ self.across_sine.T)
        return (cosine - sine).double()

    def kernel(self, wide: Tensor, miss: Tensor) -> Tensor:
        """What to add to the identity, (B, M), so that the autocovariance changes by ``miss``."""
        flat = wide.flatten(1)
        system = flat[:, self.differences] + flat[:, self.sums]  # one equation and shift each
        system[:, 0] /= 2  # the centre is its own mirror image: symmetric in this form
        system[:, :, 0] /= 2
        right = miss.clone()
        right[:, 0] /= 2
        ridge = RIDGE * system.diagonal(0, 1, 2).mean(1).clamp(min=1e-300)
        eye = torch.eye(len(self.half), dtype=system.dtype, device=system.device)
        # x_0 counts once and all others twice; the halved column stands for that
        solved: Tensor = torch.linalg.solve(system + ridge[:, None, None] * eye, right)
        return solved

    def transfer(self, kernel: Tensor) -> Tensor:
        """Power transfer |1 + h| of kernels (B, M), (B, h, w // 2 + 1)."""
        side = self.down_cosine.shape[0]
        reach = side // 4
        inner = slice(reach, side - reach)
        table = kernel.new_zeros((len(kernel), side * side))
        table[:, self.narrow] = kernel
        table[:, self.narrow[0]] /= 2
        table = (table + table.flip(1)).view(-1, side, side)[:, inner, inner]
        table = table.to(self.twice.dtype)
        cosine = self.down_cosine[inner].T @ table @ self.across_cosine[inner]
        sine = self.down_sine[inner].T @ table @ self.across_sine[inner]
        return (1 + cosine - sine).abs()


@lru_cache(maxsize=32)
def _waves(size: tuple[int, int], reach: int, dtype: torch.dtype, device: torch.device) -> _Waves:
    height, width = size
    with torch.inference_mode(False), torch.no_grad():
        shifts = torch.arange(-2 * reach, 2 * reach + 1)
        y = torch.outer(shifts, torch.arange(height)) % height
        x = torch.outer(shifts, torch.arange(width // 2 + 1)) % width
        y, x = 2 * torch.pi / height * y.double(), 2 * torch.pi / width * x.double()
        twice = torch.full((width // 2 + 1,), 2.0, dtype=torch.float64)
        twice[0] = 1
        if width % 2 == 0:
            twice[-1] = 1
        side = 2 * reach + 1
        half = torch.arange(side * side // 2, side * side, device=device)
        rows, columns = half // side - reach, half % side - reach

        def place(row: Tensor, column: Tensor) -> Tensor:
            return (row + 2 * reach) * (4 * reach + 1) + column + 2 * reach

        differences = place(rows[:, None] - rows, columns[:, None] - columns)
        sums = place(rows[:, None] + rows, columns[:, None] + columns)
        return _Waves(
            down_cosine=y.cos().to(device, dtype),
            down_sine=y.sin().to(device, dtype),
            across_cosine=x.cos().to(device, dtype),
            across_sine=x.sin().to(device, dtype),
            twice=twice.to(device, dtype),
            half=half,
            narrow=place(rows, columns),
            differences=differences,
            sums=sums,
        )
