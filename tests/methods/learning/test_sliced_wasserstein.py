"""GPDM: its patches are nearer than those of noise with the spectrum; its levels; its preset."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.arrays import Array
from lichen.errors import ParameterError
from lichen.faces.python import synthesize
from lichen.methods.learning.sliced_wasserstein import SlicedWasserstein
from lichen.quality.fidelity import sliced_wasserstein


def discs(height: int = 64, width: int = 64) -> Array:
    """Bright discs with a dark edge, on a lattice: phases that noise does not have."""
    rows, columns = np.mgrid[:height, :width]
    distance = np.hypot(rows % 16 - 7.5, columns % 16 - 7.5)
    grey = np.where(distance < 4, 0.9, np.where(distance < 6, 0.1, 0.5))
    noise = np.random.default_rng(0).normal(0, 0.03, (height, width, 3))
    return np.clip(grey[..., None] + noise, 0, 1).astype(np.float32)


@pytest.mark.parametrize("wrap", [False, True])
def test_patches_are_nearer_than_those_of_random_phase(wrap: bool) -> None:
    """By patches of 5 and 9 pixels, which are not optimized; as near as those of another crop."""
    exemplar = discs()
    how = {"size": (64, 64), "wrap": wrap, "seed": 1}
    ours = synthesize(exemplar, method="sliced_wasserstein", **how).image
    noise = synthesize(exemplar, method="random_phase", **how).image
    crop = discs(128, 128)[5:69, 9:73]
    found = [sliced_wasserstein(exemplar, image) for image in (ours, crop, noise)]
    assert found[0] < 1.1 * found[1] < 0.9 * found[2]


def test_levels_shrink_by_the_factor_and_end_at_the_coarsest() -> None:
    method = SlicedWasserstein.configure("paper")
    levels = method._levels((256, 256), (256, 300))
    sides = [level.size[0] for level in levels]
    assert sides[-1] == 256
    assert 21 <= sides[0] < 21 / 0.85 + 1
    ratios = np.divide(sides[:-1], sides[1:])
    np.testing.assert_allclose(ratios, 0.85, atol=0.03)
    assert {level.iterations for level in levels} == {300}
    assert len(SlicedWasserstein(levels=3)._levels((64, 64), (64, 64))) == 3


def test_a_patch_larger_than_the_coarsest_level_is_refused() -> None:
    with pytest.raises(ParameterError, match="31x31 do not fit"):
        synthesize(discs(), method="sliced_wasserstein", patch=31, iterations=1)
