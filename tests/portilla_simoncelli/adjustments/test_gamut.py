"""Colours are kept within an exemplar's."""

from __future__ import annotations

import pytest
import torch

from lichen.portilla_simoncelli.adjustments import Gamut


@pytest.mark.parametrize(("n_planes", "n_faces"), [(1, 1), (2, 4), (3, 13), (4, 32)])
def test_colours_inside_stay_and_others_come_in(n_planes: int, n_faces: int) -> None:
    generator = torch.Generator().manual_seed(0)
    exemplar = torch.randn(n_planes, 30, 40, generator=generator)
    exemplar[-1] += exemplar[0]
    gamut = Gamut.of(exemplar)
    assert gamut.directions.shape == (n_faces, n_planes)
    torch.testing.assert_close(gamut.nearest(exemplar), exemplar, rtol=0, atol=1e-5)
    far = 10 * torch.randn(n_planes, 50, 20, generator=generator)
    inside = gamut.nearest(far)
    low, high = exemplar.flatten(1).aminmax(dim=1)
    assert bool((inside.flatten(1).amin(1) >= low - 1e-4).all())
    assert bool((inside.flatten(1).amax(1) <= high + 1e-4).all())
    within = (far == inside).all(0)
    assert torch.equal(inside[:, within], far[:, within])


def test_corners_that_the_exemplar_has_no_colours_in_are_cut_off() -> None:
    line = torch.linspace(-1, 1, 50)
    gamut = Gamut.of(torch.stack([line, line])[:, None])
    corner = torch.tensor([1.0, -1.0])[:, None, None]  # within the range of either plane
    torch.testing.assert_close(gamut.nearest(corner), torch.zeros(2, 1, 1))
