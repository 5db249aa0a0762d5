"""Non-parametric sampling: the paper's algorithm pixel by pixel, and what a canvas may ask."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import lichen
from lichen.canvas import Canvas
from lichen.errors import ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.kernels import uniform
from lichen.method import Context
from lichen.methods.resampling import efros_leung
from lichen.methods.resampling.efros_leung import EfrosLeung, plant_seed
from lichen.patches.pyramid import Level
from lichen.step import Step
from references.plain_efros_leung import plain_efros_leung
from running import with_layout

Array = NDArray[np.float32]


def texture(size: tuple[int, int], channels: int = 3, seed: int = 0) -> Array:
    """Waves and noise in 8-bit steps: some errors are equal, most are not."""
    rows, columns = np.mgrid[: size[0], : size[1]]
    wave = 0.5 + 0.3 * np.sin(rows / 2)[..., None] * np.cos(columns / 3)[..., None]
    noise = np.random.default_rng(seed).normal(0, 0.1, (*size, channels))
    return (np.clip(wave + noise, 0, 1) * 255).round().astype(np.float32) / 255


def run(
    method: EfrosLeung, exemplar: Exemplar | list[Exemplar], canvas: Canvas, threads: int = 1
) -> Step:
    exemplars = exemplar if isinstance(exemplar, list) else [exemplar]
    canvas = with_layout(canvas, exemplars)
    method.check(exemplars, canvas)
    *_, last = method.run(exemplars, canvas, Context(seed=canvas.seed, threads=threads))
    return last


def plain(method: EfrosLeung, exemplar: Exemplar, canvas: Canvas) -> NDArray[np.int32]:
    """The slow version's exemplar rows and columns for the same random choices, (H, W, 2)."""
    atlas = method.atlas([exemplar], with_layout(canvas, [exemplar]))
    rng = Context(seed=canvas.seed).rng("efros_leung")
    seed = int(rng.integers(2**31))
    level = Level.of(atlas, canvas)
    if not level.filled.any():
        plant_seed(atlas, level, rng)
    found = plain_efros_leung(
        atlas.features.astype(float),
        level.image.astype(float),
        level.filled,
        method.window,
        rng,
        lambda pixel, attempt: uniform(seed, pixel, attempt),
        usable=atlas.usable,
        wrap=canvas.wrap,
        n_guide=atlas.n_guide,
        error_threshold=method.error_threshold,
        max_error_threshold=method.max_error_threshold,
    )
    return atlas.origins(np.maximum(found, level.sources))


def corner_mask() -> NDArray[np.bool_]:
    mask = np.ones((16, 18), bool)
    mask[:6, :7] = False
    mask[12, 15] = False
    return mask


def with_hole(size: tuple[int, int]) -> dict[str, Any]:
    known_mask = np.zeros(size, bool)
    known_mask[2:9, 3:15] = True
    known_mask[4:7, 6:11] = False
    return {"known": texture(size, seed=9), "known_mask": known_mask}


@pytest.mark.parametrize(
    ("parameters", "mask", "canvas"),
    [
        ({}, None, {}),
        ({"window": 3}, None, {"wrap": (True, True)}),
        ({"error_threshold": 0.5}, corner_mask(), {"wrap": (False, True)}),
        ({"max_error_threshold": 0.004}, None, {}),
        ({}, None, with_hole((12, 17))),
        ({"error_threshold": 0.0}, corner_mask(), {**with_hole((12, 17)), "wrap": (True, False)}),
    ],
    ids=["plain", "torus", "mask", "raised", "hole", "hole-mask-wrap"],
)
def test_equals_the_papers_algorithm(
    parameters: Mapping[str, Any], mask: Any, canvas: Mapping[str, Any]
) -> None:
    """The slow version knows no early exit, no groups and no single precision."""
    method = EfrosLeung.configure(**{"window": 5, **parameters})
    exemplar = Exemplar.from_array(texture((16, 18)), mask)
    wanted = Canvas((12, 17), seed=3, **canvas)
    made = run(method, exemplar, wanted)
    np.testing.assert_array_equal(made.sources, plain(method, exemplar, wanted))


def test_equals_the_papers_algorithm_with_a_guide() -> None:
    method = EfrosLeung.configure(window=5, guide_weight=0.5)
    exemplar = Exemplar.from_array(texture((16, 18))).with_guide(texture((16, 18), 1, seed=1))
    wanted = Canvas((12, 14), seed=5, guide=texture((12, 14), 1, seed=2))
    made = run(method, exemplar, wanted)
    np.testing.assert_array_equal(made.sources, plain(method, exemplar, wanted))


def test_nothing_is_placed_above_the_greatest_error() -> None:
    """The first passes place nothing at a threshold of almost 0, and the last ones all."""
    exemplar = Exemplar.from_array(texture((16, 18)))
    made = run(EfrosLeung.configure(window=5, max_error_threshold=1e-6), exemplar, Canvas((9, 10)))
    assert made.sources is not None
    assert (made.sources >= 0).all()


@settings(max_examples=25, deadline=None)
@given(
    height=st.integers(3, 15),
    width=st.integers(3, 15),
    rows=st.booleans(),
    columns=st.booleans(),
    window=st.sampled_from([3, 5, 9]),
    seed=st.integers(0, 99),
)
def test_every_pixel_is_a_usable_one_of_the_exemplars(
    height: int, width: int, rows: bool, columns: bool, window: int, seed: int
) -> None:
    masks = np.random.default_rng(seed).random((2, 20, 19)) < 0.03
    exemplars = [
        Exemplar.from_array(texture((20, 19), seed=k), np.roll(~masks[k], k, 1)) for k in (0, 1)
    ]
    for exemplar in exemplars:
        exemplar.mask[:10, :10] = True  # room for one window at least
    made = run(
        EfrosLeung.configure(window=window, mirror=True),
        exemplars,
        Canvas((height, width), wrap=(rows, columns), seed=seed),
    )
    assert made.sources is not None
    number, y, x = np.moveaxis(made.sources, 2, 0)
    for k, exemplar in enumerate(exemplars):
        ours = number == k
        np.testing.assert_array_equal(made.image[ours], exemplar.pixels[y[ours], x[ours]])
        assert exemplar.mask[y[ours], x[ours]].all()
    assert np.isin(number, (0, 1)).all()


@pytest.mark.parametrize("wrap", [(False, False), (True, True)])
def test_known_pixels_stay_and_the_hole_is_filled_from_another_picture(
    wrap: tuple[bool, bool],
) -> None:
    known = texture((20, 20), seed=4)
    mask = np.ones((20, 20), bool)
    mask[8:14, 7:15] = False
    made = run(
        EfrosLeung.configure(window=5),
        Exemplar.from_array(texture((18, 18), seed=5)),
        Canvas((20, 20), known=known, known_mask=mask, wrap=wrap),
    )
    assert made.sources is not None
    np.testing.assert_array_equal(made.image[mask], known[mask])
    assert (made.sources[mask] == -1).all()
    assert (made.sources[~mask] >= 0).all()


def test_a_hole_in_a_periodic_picture_is_filled_exactly() -> None:
    rows, columns = np.mgrid[:40, :42]
    pattern = np.random.default_rng(0).random((7, 6, 3), np.float32)
    picture = pattern[rows % 7, columns % 6]
    mask = np.ones(picture.shape[:2], bool)
    mask[15:28, 14:30] = False
    made = run(
        EfrosLeung.configure(window=9),
        Exemplar.from_array(picture, mask),
        Canvas(mask.shape, known=picture, known_mask=mask),
    )
    np.testing.assert_array_equal(made.image, picture)


def test_a_wrapped_result_of_a_periodic_picture_goes_on_over_the_border() -> None:
    rows, columns = np.mgrid[:30, :30]
    picture = np.random.default_rng(0).random((6, 5, 3), np.float32)[rows % 6, columns % 5]
    made = run(
        EfrosLeung.configure(window=7),
        Exemplar.from_array(picture),
        Canvas((24, 20), wrap=(True, True)),
    )
    np.testing.assert_array_equal(made.image, np.roll(made.image, (6, 5), (0, 1)))


def test_the_guide_decides_which_half_is_copied() -> None:
    """The exemplar is dark on the left and bright on the right; the canvas wants it turned."""
    pixels = texture((30, 40)) * 0.3
    pixels[:, 20:] += 0.6
    label = np.zeros((30, 40, 1), np.float32)
    label[:, 20:] = 1
    wanted = np.zeros((30, 30, 1), np.float32)
    wanted[15:] = 1
    made = run(
        EfrosLeung.configure(window=5, guide_weight=3),
        Exemplar.from_array(pixels).with_guide(label),
        Canvas((30, 30), guide=wanted),
    )
    assert made.image[:13].mean() < 0.35
    assert made.image[17:].mean() > 0.55


def test_many_threads_give_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(efros_leung, "WORTH_THREADS", 0)
    exemplar = Exemplar.from_array(texture((24, 26)))
    canvas = Canvas((40, 37), wrap=(True, False), seed=2)
    one, two = (run(EfrosLeung.configure(window=7), exemplar, canvas, n) for n in (1, 2))
    np.testing.assert_array_equal(one.sources, two.sources)


def test_maps_are_copied_together() -> None:
    pixels = texture((20, 20))
    height = pixels[..., 1:2] / 2
    both = Exemplar.from_array(pixels).with_maps({"height": height})
    made = run(EfrosLeung.configure(window=5), both, Canvas((18, 18)))
    np.testing.assert_array_equal(made.image[..., 3], made.image[..., 1] / 2)


def test_errors_name_what_is_wrong() -> None:
    with pytest.raises(ImageError, match="11x11"):
        lichen.synthesize(texture((10, 30)), method="efros_leung", size=(20, 20))
    with pytest.raises(ParameterError, match="odd"):
        EfrosLeung.configure(window=6)
