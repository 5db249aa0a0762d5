"""Julesz's textures: their statistics, order by order, against enumeration and closed forms."""

from __future__ import annotations

import itertools
import math
from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray

from lichen.errors import ImageError, ParameterError, UnknownNameError
from lichen.textures import GLIDERS, ISOTRIGON, KINDS, julesz, patch_in_background

Signs = NDArray[np.float64]


def signs(kind: str, size: int | tuple[int, int], **how: object) -> Signs:
    return 2.0 * julesz(kind, size, **how)[..., 0] - 1  # type: ignore[arg-type]


def placements(size: tuple[int, int], glider: str) -> list[list[tuple[int, int]]]:
    cells = GLIDERS[glider]
    rows = size[0] - max(row for row, _ in cells)
    columns = size[1] - max(column for _, column in cells)
    return [
        [(top + row, left + column) for row, column in cells]
        for top in range(rows)
        for left in range(columns)
    ]


def products(x: Signs, glider: str) -> Signs:
    """Product of the signs under each placement of the glider, one by one."""
    return np.array([math.prod(x[p] for p in where) for where in placements(x.shape, glider)])


def all_solutions(size: tuple[int, int], glider: str, c: int) -> Signs:
    """Every sign pattern of that size that obeys the rule: (N, H, W), by trying all."""
    n = size[0] * size[1]
    codes = np.arange(2**n)[:, None] >> np.arange(n) & 1
    patterns = (1.0 - 2.0 * codes).reshape(-1, *size)
    for where in placements(size, glider):
        patterns = patterns[math.prod(patterns[:, r, k] for r, k in where) == c]
    return patterns


def moments(patterns: Signs, order: int) -> dict[tuple[tuple[int, int], ...], float]:
    """Mean product of every set of ``order`` different pixels."""
    pixels = list(np.ndindex(*patterns.shape[1:]))
    return {
        chosen: float(math.prod(patterns[:, r, k] for r, k in chosen).mean())
        for chosen in itertools.combinations(pixels, order)
    }


@pytest.mark.parametrize("c", [1, -1])
@pytest.mark.parametrize("glider", GLIDERS)
def test_first_order_to_differ_from_noise_is_the_number_of_cells(glider: str, c: int) -> None:
    """Exactly, over all patterns of 4 x 4 pixels."""
    patterns = all_solutions((4, 4), glider, c)
    cells = len(GLIDERS[glider])
    for order in range(1, cells):
        assert not any(moments(patterns, order).values()), order
    at_cells = moments(patterns, cells)
    for where in placements((4, 4), glider):
        assert at_cells[tuple(sorted(where))] == c


def test_the_check_of_moments_finds_a_correlation() -> None:
    patterns = all_solutions((3, 4), "elbow", 1)
    assert any(moments(patterns, 3).values())


@pytest.mark.parametrize("kind", ["even", "odd"])
@pytest.mark.parametrize("glider", GLIDERS)
def test_every_glider_has_its_product(glider: str, kind: str) -> None:
    c = 1 if kind == "even" else -1
    for seed, size in enumerate([(4, 4), (9, 13), (24, 17)]):
        assert (products(signs(kind, size, seed=seed, glider=glider), glider) == c).all()


@pytest.mark.parametrize("glider", GLIDERS)
def test_all_solutions_are_equally_likely(glider: str) -> None:
    """Together with the enumeration above this gives the law of the generator's pictures."""
    size = (3, 4)
    solutions = len(all_solutions(size, glider, 1))
    n = 20 * solutions
    seen = Counter(signs("even", size, seed=s, glider=glider).tobytes() for s in range(n))
    assert len(seen) == solutions
    chi_squared = sum((count - 20) ** 2 / 20 for count in seen.values())
    free = solutions - 1
    assert abs(chi_squared - free) < 5 * math.sqrt(2 * free)


@pytest.mark.parametrize("mixing", [0.1, 0.3, 0.5, 0.9])
@pytest.mark.parametrize("kind", ["even", "odd"])
@pytest.mark.parametrize("glider", ["elbow", "box", "cross", "oblong"])
def test_mixing_sets_the_mean_product(glider: str, kind: str, mixing: float) -> None:
    """The products are independent signs of mean c (1 - 2 mixing)."""
    found = products(signs(kind, 64, seed=3, mixing=mixing, glider=glider), glider)
    mean = (1 if kind == "even" else -1) * (1 - 2 * mixing)
    assert abs(found.mean() - mean) < 4.5 * math.sqrt((1 - mean**2) / found.size)


def test_rectangles_of_a_mixed_box_texture() -> None:
    """The corners of a rectangle are the sum of its boxes: mean (1 - 2 mixing)^area."""
    x = signs("even", 512, seed=1, mixing=0.1)
    for height, width in [(1, 1), (1, 2), (2, 2), (1, 5)]:
        corners = (
            x[height:, width:] * x[:-height, width:] * x[height:, :-width] * x[:-height, :-width]
        )
        # Rectangles that share boxes are dependent: at most area^2 of them with any one.
        bound = 5 * height * width / 512
        assert abs(corners.mean() - 0.8 ** (height * width)) < bound


@pytest.mark.parametrize("order", [1, 2, 3])
@pytest.mark.parametrize(
    ("kind", "mixing", "glider"),
    [("noise", 0.0, "box"), ("even", 0.2, "box"), ("odd", 0.2, "box")]
    + [("even", 0.2, glider) for glider in ISOTRIGON[1:]],
)
def test_isotrigon_at_any_mixing(kind: str, mixing: float, glider: str, order: int) -> None:
    """All products of up to three pixels of a 3 x 3 neighbourhood, over independent pictures."""
    n = 400
    patterns = np.stack(
        [signs(kind, (5, 5), seed=s, mixing=mixing, glider=glider)[1:4, 1:4] for s in range(n)]
    )
    found = moments(patterns, order)
    assert max(map(abs, found.values())) < 4.5 / math.sqrt(n)


def autocorrelation(x: Signs) -> Signs:
    """Sum of products of all pairs of pixels at each offset that fits."""
    padded = np.zeros((2 * x.shape[0], 2 * x.shape[1]))
    padded[: x.shape[0], : x.shape[1]] = x
    return np.fft.ifft2(np.abs(np.fft.fft2(padded)) ** 2).real


def test_turned_elements_have_the_same_dipole_statistics_and_other_triples() -> None:
    one, other = signs("elements", 96, seed=2), signs("turned-elements", 96, seed=2)
    assert one.mean() == other.mean()
    np.testing.assert_allclose(autocorrelation(one), autocorrelation(other), atol=1e-7)

    def triple(x: Signs) -> float:
        """White left, white below left, white below right: a corner of the triangle."""
        white = (x + 1) / 2
        return float((white[:-4, :-4] * white[4:, :-4] * white[4:, 4:]).sum())

    assert triple(one) > 1.5 * triple(other)
    assert 0.05 < (one > 0).mean() < 0.3


def test_elements_are_whole() -> None:
    """Each triangle has twelve pixels and none touches another: no lattice cell overflows."""
    from skimage.measure import label, regionprops

    inner = label(signs("elements", 120, seed=4) > 0, connectivity=2)
    whole = [
        region.area
        for region in regionprops(inner)
        if min(region.bbox[:2]) > 0 and max(region.bbox[2:]) < 120
    ]
    assert set(whole) == {12}
    assert len(whole) > 60


def test_pictures_are_binary_and_repeat() -> None:
    for kind in KINDS:
        picture = julesz(kind, (17, 23), seed=5)
        assert picture.shape == (17, 23, 1)
        assert picture.dtype == np.float32
        assert set(np.unique(picture)) == {0, 1}
        assert np.array_equal(picture, julesz(kind, (17, 23), seed=5))
        assert not np.array_equal(picture, julesz(kind, (17, 23), seed=6))


def test_a_patch_stands_in_its_background() -> None:
    inside, outside = julesz("even", 64), julesz("noise", 64)
    display = patch_in_background(inside, outside, fraction=0.5)
    assert np.array_equal(display[16:48, 16:48], inside[16:48, 16:48])
    outline = np.ones((64, 64), bool)
    outline[16:48, 16:48] = False
    assert np.array_equal(display[outline], outside[outline])


def test_bad_parameters_say_what_is_allowed() -> None:
    with pytest.raises(UnknownNameError, match="did you mean even"):
        julesz("evn", 8)
    with pytest.raises(UnknownNameError, match="glider is named 'boxx'; did you mean box"):
        julesz("even", 8, glider="boxx")
    with pytest.raises(ParameterError, match="0 to 1"):
        julesz("even", 8, mixing=1.5)
    with pytest.raises(ParameterError, match="does not apply to noise"):
        julesz("noise", 8, mixing=0.2)
    with pytest.raises(ParameterError, match="at least 3x3"):
        julesz("even", (2, 8), glider="cross")
    with pytest.raises(ParameterError, match="at least 1x1"):
        julesz("noise", 0)
    with pytest.raises(ImageError, match="equal shapes"):
        patch_in_background(np.zeros((4, 4, 1)), np.zeros((4, 5, 1)))
    with pytest.raises(ParameterError, match="`fraction` = 1"):
        patch_in_background(np.zeros((4, 4, 1)), np.zeros((4, 4, 1)), fraction=1)
