"""The graph cut is the least of all cuts, old seams counted, and never makes a picture worse."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter

from lichen.patches.graph_cut import EXACT, FREE, NEW, OLD, minimum_cut
from lichen.patches.patchwork import Patchwork
from lichen.patches.seam_costs import Source, link_costs, seam_costs
from references import plain_graph_cut as plain

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]
Places = NDArray[np.int32]


def source(rng: np.random.Generator, size: tuple[int, int], gradient: float = 0.0) -> Source:
    features = rng.random((*size, 2)).astype(np.float32)
    return Source(features, np.ones(size, np.int32), gradient)


def patch(source: Source, top: int, left: int, size: tuple[int, int]) -> Places:
    width = source.region.shape[1]
    rows, columns = np.mgrid[top : top + size[0], left : left + size[1]]
    return (rows * width + columns).astype(np.int32)


def pixels(source: Source, places: Places) -> Array:
    return source.features.reshape(-1, source.features.shape[2])[places]


def patched(source: Source, rng: np.random.Generator, size: tuple[int, int]) -> Places:
    """Pixels of two patches, inside of the source, with seams of any shape between them."""
    height, width = source.region.shape
    places = [
        patch(source, *rng.integers(1, (height - size[0], width - size[1])), size) for _ in range(2)
    ]
    return np.where(rng.random(size) < 0.5, *places)


def cut(
    source: Source, places: Places, laid: Places, labels: NDArray[np.int8], price: Array
) -> Mask:
    image, new = pixels(source, places), pixels(source, laid)
    links = [link_costs(source, image, places, new, axis) for axis in (0, 1)]
    return minimum_cut(labels, price, *links)


def cost(source: Source, places: Places, wraps: tuple[bool, bool] = (False, False)) -> float:
    filled = np.ones(places.shape, bool)
    image = pixels(source, places)
    return float(
        sum(seam_costs(source, image, places, filled, axis, wraps[axis]).sum() for axis in (0, 1))
    )


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.booleans())
def test_the_cut_costs_what_the_best_of_all_labellings_does(seed: int, priced: bool) -> None:
    rng = np.random.default_rng(seed)
    size = (3, 4)
    examples = source(rng, (8, 9))
    places = patched(examples, rng, size)
    laid = patch(examples, *rng.integers(1, (4, 4)), size)
    labels = np.full(size, FREE, np.int8)
    labels[:, 0], labels[rng.integers(3), 3] = OLD, NEW
    price = (rng.normal(0, 0.3, size) * priced).astype(np.float32)
    new = cut(examples, places, laid, labels, price)
    assert not new[labels == OLD].any()
    assert new[labels == NEW].all()
    found = cost(examples, np.where(new, laid, places)) + price[new].sum()
    best = plain.least_cost(
        examples.features, examples.region, pixels(examples, places), places, laid, labels, price
    )
    assert found == pytest.approx(best, abs=2e-3)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.tuples(st.booleans(), st.booleans()))
def test_seams_cost_what_the_plain_version_says(seed: int, wraps: tuple[bool, bool]) -> None:
    """With regions that end, known pixels, and pixels on which nothing lies."""
    rng = np.random.default_rng(seed)
    examples = source(rng, (6, 7))
    examples.region[:, 3] = 0
    examples.region[:, 4:] = 2
    usable = np.flatnonzero(examples.region)
    places = rng.choice(usable, (5, 6)).astype(np.int32)
    image = pixels(examples, places)
    places[rng.random(places.shape) < 0.2] = -1
    filled = rng.random(places.shape) < 0.8
    found = sum(
        seam_costs(examples, image, places, filled, axis, wraps[axis]).sum() for axis in (0, 1)
    )
    wanted = plain.seam_cost(examples.features, examples.region, image, places, filled, wraps)
    assert found == pytest.approx(wanted, rel=1e-5)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**32), st.integers(5, 70), st.booleans())
def test_no_cut_costs_more_than_leaving_all_as_it_is(seed: int, side: int, gradients: bool) -> None:
    """Also with costs that are no metric, and above the size at which cuts are exact."""
    rng = np.random.default_rng(seed)
    examples = source(rng, (90, 90), gradient=0.5 if gradients else 0.0)
    places = patched(examples, rng, (side, side))
    laid = patch(examples, *rng.integers(0, 20, 2), (side, side))
    labels = np.full((side, side), FREE, np.int8)
    labels[[0, -1]] = labels[:, [0, -1]] = OLD
    new = cut(examples, places, laid, labels, np.zeros((side, side), np.float32))
    before = cost(examples, places)
    assert cost(examples, np.where(new, laid, places)) <= before * (1 + 1e-3)


def test_a_large_cut_is_nearly_the_least(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(0)
    smooth = gaussian_filter(rng.random((140, 140, 2)), (2, 2, 0)).astype(np.float32)
    examples = Source(smooth, np.ones((140, 140), np.int32))
    size = (100, 110)
    places, laid = patch(examples, 1, 1, size), patch(examples, 33, 22, size)
    labels = np.full(size, FREE, np.int8)
    labels[:, 0], labels[:, -1] = OLD, NEW
    assert (labels == FREE).sum() > EXACT
    nothing = np.zeros(size, np.float32)
    near = cost(examples, np.where(cut(examples, places, laid, labels, nothing), laid, places))
    monkeypatch.setattr("lichen.patches.graph_cut.EXACT", labels.size)
    least = cost(examples, np.where(cut(examples, places, laid, labels, nothing), laid, places))
    straight = cost(examples, np.where(np.arange(size[1]) < 50, places, laid))
    assert least <= near < 1.1 * least < 0.7 * straight


def test_a_seam_on_an_edge_costs_less_than_on_even_ground() -> None:
    """The second cost of the paper: the same difference, divided by the gradients."""
    step = np.zeros((9, 20, 1), np.float32)
    step[:, 10:] = 1  # an edge that the seam follows
    step[4:] += 0.2  # the other patch is the same, but brighter
    examples = Source(step, np.ones((9, 20), np.int32), gradient=0.1)
    above, beneath = patch(examples, 0, 2, (3, 16)), patch(examples, 5, 2, (3, 16))
    costs = []
    for column in (4, 8, 12):  # before, on and behind the edge
        places = np.where(np.arange(16) < column, above, beneath)
        costs.append(cost(examples, places))
    assert costs[1] < 0.3 * min(costs[0], costs[2])


def laid_at_random(
    rng: np.random.Generator, wraps: tuple[bool, bool], known: Mask
) -> tuple[Patchwork, Array]:
    examples = source(rng, (14, 17), gradient=0.4)
    wanted = rng.random((*known.shape, 2)).astype(np.float32) * known[..., None]
    cloth = Patchwork(examples, wanted, known, wraps, np.zeros((14, 17, 0), np.float32), 4)
    return cloth, wanted


@settings(max_examples=30, deadline=None)
@given(
    st.integers(0, 2**32),
    st.tuples(st.booleans(), st.booleans()),
    st.tuples(st.integers(5, 30), st.integers(5, 30)),
    st.booleans(),
)
def test_patches_fill_and_then_never_make_worse(
    seed: int, wraps: tuple[bool, bool], size: tuple[int, int], some_known: bool
) -> None:
    rng = np.random.default_rng(seed)
    known = (rng.random(size) < 0.1) & some_known
    cloth, wanted = laid_at_random(rng, wraps, known)
    side = 5

    def lay_somewhere() -> None:
        limits = [n if wrap else n - side + 1 for n, wrap in zip(size, wraps, strict=True)]
        at, place = rng.integers(0, limits), rng.integers(0, (14 - side + 1, 17 - side + 1))
        rows, columns = ((i + np.arange(side)) % n for i, n in zip(at, size, strict=True))
        cloth.lay((at[0], at[1]), (place[0], place[1]), side, int(rng.integers(0, 12)))
        assert cloth.filled[np.ix_(rows, columns)].all()

    while not cloth.filled.all():
        lay_somewhere()
    for _ in range(10):
        before = cloth.visible.sum()
        lay_somewhere()
        assert cloth.visible.sum() <= before * (1 + 1e-3) + 1e-5
    np.testing.assert_array_equal(cloth.image[known], wanted[known])
    assert (cloth.sources[known] == -1).all()
    np.testing.assert_array_equal(cloth.image[~known], pixels(cloth.source, cloth.sources)[~known])
    cells = np.add.reduceat(cloth.visible, np.arange(0, size[0], 4), 0)
    cells = np.add.reduceat(cells, np.arange(0, size[1], 4), 1)
    np.testing.assert_allclose(cloth.cell_costs, cells, atol=1e-3)
    whole = sum(
        seam_costs(cloth.source, cloth.image, cloth.sources, cloth.filled, axis, wraps[axis])
        for axis in (0, 1)
    )
    np.testing.assert_allclose(cloth.visible, whole, atol=1e-5)


def test_a_patch_stays_in_its_region() -> None:
    """Of a source of two halves only that is laid in which the square is."""
    features = np.zeros((10, 21, 1), np.float32)
    features[:, 11:] = 1
    region = np.ones((10, 21), np.int32)
    region[:, 10], region[:, 11:] = 0, 2
    cloth = Patchwork(
        Source(features, region),
        np.zeros((10, 21, 1), np.float32),
        np.zeros((10, 21), bool),
        (False, False),
        np.zeros((10, 21, 0), np.float32),
        4,
    )
    cloth.lay((3, 12), (3, 12), 4, reach=30)
    assert (cloth.filled == (region == 2)).all()
    assert (cloth.image[cloth.filled] == 1).all()
