"""Scan-order synthesis: the paper's algorithm, its two searches, and what a canvas may ask."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from lichen.canvas import Canvas
from lichen.errors import ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.method import Context
from lichen.methods.resampling import wei_levoy
from lichen.methods.resampling.wei_levoy import WeiLevoy
from lichen.step import Step
from references.plain_wei_levoy import plain_wei_levoy
from running import with_layout

Array = NDArray[np.float32]


@pytest.fixture(autouse=True)
def _small_levels(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let small pictures have several levels."""
    monkeypatch.setattr(wei_levoy, "LEAST_CANDIDATES", 4)


def texture(size: tuple[int, int], channels: int = 3, seed: int = 0) -> Array:
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = 0.5 + 0.3 * np.sin(rows / 2)[..., None] * np.cos(columns / 3)[..., None]
    noise = np.random.default_rng(seed).normal(0, 0.1, (*size, channels))
    return np.clip(wave + noise, 0, 1).astype(np.float32)


def run(method: WeiLevoy, exemplar: Exemplar | list[Exemplar], canvas: Canvas) -> Step:
    exemplars = exemplar if isinstance(exemplar, list) else [exemplar]
    canvas = with_layout(canvas, exemplars)
    method.check(exemplars, canvas)
    *_, last = method.run(exemplars, canvas, Context(seed=canvas.seed))
    return last


@pytest.mark.parametrize("search", ["exhaustive", "tree"])
@pytest.mark.parametrize(("n_levels", "window", "parent"), [(1, 5, 3), (2, 3, 3), (3, 3, 1)])
def test_equals_the_papers_algorithm(search: str, n_levels: int, window: int, parent: int) -> None:
    """With all leaves looked into, the tree finds what the plain search finds."""
    pixels = texture((20, 24))
    method = WeiLevoy.configure(
        search=search, leaves=10_000, window=window, parent_window=parent, levels=n_levels
    )
    canvas = Canvas((16, 20), seed=4)
    exemplar = Exemplar.from_array(pixels)
    rng = Context(seed=4).rng("wei_levoy")

    def noise(places: list[int], shape: tuple[int, int]) -> NDArray[np.int64]:
        drawn = rng.choice(places, shape)
        if search == "tree":
            rng.integers(2**31)  # the tree's seed
        return drawn

    features = method.atlas([exemplar], with_layout(canvas, [exemplar])).features.astype(float)
    wanted = plain_wei_levoy(features, canvas.size, n_levels, noise, window, parent, 2.0)
    sources = run(method, exemplar, canvas).sources
    assert sources is not None
    np.testing.assert_array_equal(sources[..., 1] * 24 + sources[..., 2], wanted)


@settings(max_examples=20, deadline=None)
@given(
    height=st.integers(3, 14),
    width=st.integers(3, 14),
    rows=st.booleans(),
    columns=st.booleans(),
    search=st.sampled_from(["tree", "exhaustive"]),
    window=st.sampled_from([3, 5, 9]),
    seed=st.integers(0, 99),
)
def test_every_pixel_is_a_usable_one_of_the_exemplars(
    height: int, width: int, rows: bool, columns: bool, search: str, window: int, seed: int
) -> None:
    masks = np.random.default_rng(seed).random((2, 24, 27)) >= 0.02
    masks[:, :12, :12] = True  # room for one window at least
    exemplars = [Exemplar.from_array(texture((24, 27), seed=k), masks[k]) for k in (0, 1)]
    made = run(
        WeiLevoy.configure(window=window, search=search, rotations=True),
        exemplars,
        Canvas((height, width), wrap=(rows, columns), seed=seed),
    )
    assert made.image.shape == (height, width, 3)
    assert made.sources is not None
    number, y, x = np.moveaxis(made.sources, 2, 0)
    assert np.isin(number, (0, 1)).all()
    for k, exemplar in enumerate(exemplars):
        ours = number == k
        np.testing.assert_array_equal(made.image[ours], exemplar.pixels[y[ours], x[ours]])
        assert masks[k][y[ours], x[ours]].all()


@pytest.mark.parametrize("axis", [0, 1])
def test_there_is_no_seam_on_an_axis_that_wraps(axis: int) -> None:
    """Over the border pixels differ as they do elsewhere."""
    exemplar = Exemplar.from_array(texture((64, 64)))
    over = []
    for wrap in (False, True):
        found = []
        for seed in range(4):
            canvas = Canvas((60, 56), wrap=(wrap and axis == 0, wrap and axis == 1), seed=seed)
            made = run(WeiLevoy.configure(levels=2), exemplar, canvas).image
            across = np.abs(made.take(0, axis) - made.take(-1, axis)).mean()
            found.append(across / np.abs(np.diff(made, axis=axis)).mean())
        over.append(np.mean(found))
    assert over[1] < 1.35
    assert axis == 1 or over[0] > 1.35  # left alone, the last row does not see the first


@pytest.mark.parametrize("wrap", [(False, False), (True, False)])
def test_known_pixels_stay_and_new_ones_agree_with_all_sides(wrap: tuple[bool, bool]) -> None:
    rows, columns = np.mgrid[:48, :40]
    picture = np.random.default_rng(3).random((4, 8, 3), np.float32)[rows % 4, columns % 8]
    mask = np.ones(picture.shape[:2], bool)
    mask[20:31, 16:27] = False
    made = run(
        WeiLevoy.configure(levels=2, window=7, search="exhaustive"),
        Exemplar.from_array(picture),
        Canvas(mask.shape, known=np.where(mask[..., None], picture, 0), known_mask=mask, wrap=wrap),
    )
    assert made.sources is not None
    np.testing.assert_array_equal(made.image[mask], picture[mask])
    assert (made.sources[mask] == -1).all()
    assert (made.sources[~mask] >= 0).all()
    np.testing.assert_array_equal(made.image, picture)


def test_a_picture_that_does_not_wrap_does_not_see_its_other_end() -> None:
    """To the right of a dark picture there are dark pixels, though its left end is bright."""
    pixels = texture((40, 40)) * 0.2
    pixels[:, :20] += 0.7
    known_mask = np.zeros((20, 40), bool)
    known_mask[:, :30] = True
    known = np.concatenate([pixels[:20, :15], pixels[:20, 25:]], axis=1)
    known = np.pad(known, [(0, 0), (0, 40 - known.shape[1]), (0, 0)])
    made = run(
        WeiLevoy.configure(levels=2, window=5),
        Exemplar.from_array(pixels),
        Canvas((20, 40), known=known, known_mask=known_mask),
    )
    assert made.image[:, 30:].mean() < 0.3


def test_the_guide_decides_which_half_is_copied() -> None:
    pixels = texture((30, 40)) * 0.3
    pixels[:, 20:] += 0.6
    label = np.zeros((30, 40, 1), np.float32)
    label[:, 20:] = 1
    wanted = np.zeros((30, 30, 1), np.float32)
    wanted[15:] = 1
    made = run(
        WeiLevoy.configure(window=5, levels=2, guide_weight=3),
        Exemplar.from_array(pixels).with_guide(label),
        Canvas((30, 30), guide=wanted),
    )
    assert made.image[:13].mean() < 0.35
    assert made.image[17:].mean() > 0.55


def test_maps_are_copied_together() -> None:
    pixels = texture((20, 20))
    both = Exemplar.from_array(pixels).with_maps({"height": pixels[..., 1:2] / 2})
    made = run(WeiLevoy.configure(window=5), both, Canvas((18, 19)))
    np.testing.assert_array_equal(made.image[..., 3], made.image[..., 1] / 2)


@pytest.mark.parametrize("parameters", [{"window": 4}, {"parent_window": 2}])
def test_windows_are_odd(parameters: dict[str, Any]) -> None:
    with pytest.raises(ParameterError, match="odd"):
        WeiLevoy.configure(**parameters)


def test_an_exemplar_smaller_than_the_window_is_refused() -> None:
    with pytest.raises(ImageError, match="9x9"):
        run(WeiLevoy(), Exemplar.from_array(texture((8, 30))), Canvas((20, 20)))
