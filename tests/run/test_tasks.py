"""Tasks from Python: what is known stays, copies are copies, targets are followed."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import gaussian_filter

import lichen
from lichen.errors import CanvasError, ImageError, ParameterError
from lichen.exemplar import Exemplar
from lichen.faces import python
from lichen.faces.python import RunInterruptedError
from lichen.run import verbs
from lichen.run.loop import Run
from lichen.step import Step
from running import prepare

CHEAP: dict[str, Any] = {"iterations": 2, "progress": False}
Array = np.ndarray


def texture(size: tuple[int, int], seed: int = 0, channels: int = 3) -> Array:
    """Blobs of all brightnesses, of many pixels that differ."""
    noise = np.random.default_rng(seed).normal(size=(*size, channels))
    blobs = gaussian_filter(noise, (3, 3, 0))
    mixed = blobs / blobs.std() + 0.3 * noise
    return ((mixed - mixed.min()) / np.ptp(mixed)).astype(np.float32)


def luminance(pixels: Array) -> Array:
    return gaussian_filter(pixels.mean(axis=2), 3)


def sources_of(result: lichen.Result) -> Array:
    assert result.source_map is not None
    return result.source_map.sources


@settings(deadline=None, max_examples=8)
@given(
    corner=st.tuples(st.integers(0, 30), st.integers(0, 30)),
    size=st.tuples(st.integers(1, 14), st.integers(1, 14)),
    wrap=st.booleans(),
)
def test_fill_leaves_the_rest_and_copies_from_it(
    corner: tuple[int, int], size: tuple[int, int], wrap: bool
) -> None:
    photo = texture((44, 44))
    hole = np.zeros((44, 44), bool)
    hole[corner[0] : corner[0] + size[0], corner[1] : corner[1] + size[1]] = True
    result = lichen.fill(photo, hole, wrap=wrap, **CHEAP)
    np.testing.assert_array_equal(result.image[~hole], photo[~hole])
    number, row, column = np.moveaxis(sources_of(result)[hole], 1, 0)
    assert (number == 0).all()
    assert not hole[row, column].any()
    assert result.source_map is not None
    np.testing.assert_array_equal(result.source_map.apply([photo]), result.image)


def test_fill_from_another_picture_needs_what_is_known_to_be_applied() -> None:
    photo, other = texture((40, 36)), texture((30, 48), seed=1)
    hole = np.zeros((40, 36), bool)
    hole[10:25, 8:20] = True
    result = lichen.fill(photo, hole, other, **CHEAP)
    assert result.source_map is not None
    np.testing.assert_array_equal(sources_of(result)[..., 0] >= 0, hole)
    with pytest.raises(ImageError, match="as `known`"):
        result.source_map.apply([other])
    np.testing.assert_array_equal(result.source_map.apply([other], photo), result.image)
    np.testing.assert_array_equal(result.image[~hole], photo[~hole])


def test_fill_grows_and_takes_transparency_and_mask_together() -> None:
    photo = texture((40, 40))
    opaque = np.ones((40, 40), bool)
    opaque[4:8, 4:8] = False
    hole = np.zeros((40, 40), bool)
    hole[20:24, 20:24] = True
    result = lichen.fill(Exemplar.from_array(photo, opaque), hole, grow=2, **CHEAP)
    grown = np.zeros((40, 40), bool)
    grown[2:10, 2:10] = True
    grown[18:26, 18:26] = True
    rows, columns = np.mgrid[:40, :40]
    moved = (sources_of(result)[..., 1] != rows) | (sources_of(result)[..., 2] != columns)
    np.testing.assert_array_equal(moved, grown)


def test_marks_may_be_any_colour_but_not_transparent() -> None:
    photo = texture((40, 40))
    marks = np.zeros((40, 40, 3), np.float32)
    marks[10:14, 10:14] = (1, 0, 0)
    marks[30:34, 30:34] = 1
    shown = np.ones((40, 40), bool)
    shown[30:34, 30:34] = False
    result = lichen.fill(photo, Exemplar.from_array(marks, shown), **CHEAP)
    rows, _ = np.mgrid[:40, :40]
    moved = sources_of(result)[..., 1:] != np.stack(np.mgrid[:40, :40], axis=2)
    assert set(rows[moved.any(axis=2)]) <= set(range(10, 14))


def test_extend_keeps_the_photo_in_its_place() -> None:
    photo = texture((40, 30), channels=1)
    result = lichen.extend(photo, left=9, right=1, top=12, **CHEAP)
    assert result.image.shape == (52, 40, 1)
    np.testing.assert_array_equal(result.image[12:, 9:39], photo)
    assert result.source_map is not None
    np.testing.assert_array_equal(result.source_map.apply([photo]), result.image)


def test_extend_fills_what_is_transparent() -> None:
    photo = texture((40, 40))
    opaque = np.ones((40, 40), bool)
    opaque[12:18, 12:18] = False
    result = lichen.extend(Exemplar.from_array(photo, opaque), bottom=8, **CHEAP)
    known = np.pad(opaque, ((0, 8), (0, 0)))
    np.testing.assert_array_equal(result.image[known], photo[opaque])
    _, row, column = np.moveaxis(sources_of(result), 2, 0)
    assert opaque[row, column].all()


def test_transfer_follows_the_light_and_dark_of_its_target() -> None:
    example = texture((64, 64))
    rows, columns = np.mgrid[:60, :72] / 60
    target = (0.5 + 0.5 * np.sin(5 * rows) * np.cos(4 * columns))[..., None]
    followed = lichen.transfer(example, target, iterations=4, progress=False).image
    plain = lichen.synthesize(example, size=(60, 72), method="patchmatch", **CHEAP).image

    def likeness(image: Array) -> float:
        return float(np.corrcoef(luminance(image).ravel(), luminance(target).ravel())[0, 1])

    assert likeness(followed) > 0.6
    assert likeness(followed) > likeness(plain) + 0.3


def test_texture_by_numbers_puts_each_label_in_its_place() -> None:
    left = np.arange(48) < 24
    labels = np.repeat(left[None, :, None], 48, axis=0).astype(np.float32)
    photo = texture((48, 48)) * 0.5 + 0.5 * labels
    wanted = np.rot90(labels)
    result = lichen.analogy(
        labels, photo, wanted, method="patchmatch", guide_weight=4.0, iterations=4, progress=False
    )
    _, _, column = np.moveaxis(sources_of(result), 2, 0)
    agree = left[column] == (wanted[..., 0] > 0.5)
    assert agree.mean() > 0.9


@pytest.mark.parametrize("wrap", [False, "rows", (False, True)])
def test_synthesize_with_guides_is_the_analogy(wrap: Any, tmp_path: Path) -> None:
    labels = np.repeat(np.arange(40)[None, :, None] < 20, 40, axis=0).astype(np.float32)
    photo, height = texture((40, 40)), texture((40, 40), seed=1, channels=1)
    wanted = labels.transpose(1, 0, 2)[:36]
    how = {"wrap": wrap, "method": "patchmatch", "seed": 3, **CHEAP}
    lichen.write_image(tmp_path / "labels.png", labels)
    lichen.write_image(tmp_path / "wanted.png", wanted)
    arrays = lichen.synthesize(photo, guide=labels, follow=wanted, **how)
    files = lichen.synthesize(
        photo, guide=tmp_path / "labels.png", follow=tmp_path / "wanted.png", **how
    )
    word = "columns" if isinstance(wrap, tuple) else wrap
    analogy = lichen.analogy(labels, photo, wanted, **{**how, "wrap": word})
    np.testing.assert_array_equal(arrays.image, analogy.image)
    np.testing.assert_array_equal(arrays.image, files.image)
    more = lichen.synthesize(
        photo, maps={"height": height}, guide=labels, follow=wanted, **how
    ).map_images()
    assert more["height"].shape == (36, 40, 1)


def test_grey_and_colour_labels_are_compared() -> None:
    labels = texture((32, 32), channels=1)
    coloured = np.repeat(texture((30, 34), seed=1, channels=1), 3, axis=2)
    photo = texture((32, 32), seed=2)
    made = [
        lichen.analogy(labels, photo, b, method="patchmatch", **CHEAP).image
        for b in (coloured, coloured[..., :1])
    ]
    assert made[0].shape == (30, 34, 3)
    np.testing.assert_array_equal(*made)


def test_of_several_examples_every_pixel_is_one_of_them() -> None:
    examples = [texture((30, 40)), 1 - texture((44, 32), seed=1), texture((20, 20), seed=2)]
    result = lichen.synthesize(
        examples[0], also=examples[1:], size=(60, 70), method="patchmatch", **CHEAP
    )
    sources = sources_of(result)
    assert set(np.unique(sources[..., 0])) <= {0, 1, 2}
    for place in np.ndindex(60, 70):
        number, row, column = sources[place]
        np.testing.assert_array_equal(result.image[place], examples[number][row, column])
    assert result.source_map is not None
    np.testing.assert_array_equal(result.source_map.apply(examples), result.image)


def test_maps_are_made_in_step() -> None:
    photo, height = texture((40, 40)), texture((40, 40), seed=1, channels=1)
    result = lichen.synthesize(
        photo, maps={"height": height}, size=(30, 50), method="patchmatch", **CHEAP
    )
    assert result.source_map is not None
    made = result.map_images()
    np.testing.assert_array_equal(made["color"], result.source_map.apply([photo]))
    np.testing.assert_array_equal(made["height"], result.source_map.apply([height]))


HOLE = np.zeros((32, 32), bool)
HOLE[8:16, 8:16] = True
CALLS: dict[str, Callable[..., lichen.Result]] = {
    "fill": lambda photo, **how: lichen.fill(photo, HOLE, **how),
    "extend": lambda photo, **how: lichen.extend(photo, left=8, **how),
    "transfer": lambda photo, **how: lichen.transfer(photo, photo[:, ::-1], **how),
    "analogy": lambda photo, **how: lichen.analogy(
        photo, photo, photo[::-1], method="patchmatch", **how
    ),
}


@pytest.mark.parametrize("name", CALLS)
def test_verbs_report_steps_and_give_way_to_ctrl_c(name: str, tmp_path: Path) -> None:
    photo, steps = texture((32, 32)), list[Step]()
    result = CALLS[name](photo, on_step=steps.append, video=tmp_path / "growth.webp", **CHEAP)
    assert steps[-1].fraction == 1
    assert result.provenance.steps == len(steps)
    assert (tmp_path / "growth.webp").is_file()
    assert result.provenance.job.verb == name

    def interrupt(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(RunInterruptedError) as caught:
        CALLS[name](photo, on_step=interrupt, checkpoint=tmp_path / "state.npz", **CHEAP)
    assert caught.value.result is not None
    assert (tmp_path / "state.npz").is_file()


@pytest.mark.parametrize("name", CALLS)
def test_verbs_take_what_their_task_and_finish_take(name: str) -> None:
    names = list(inspect.signature(getattr(lichen, name)).parameters)
    own = list(inspect.signature(getattr(verbs, name)).parameters)
    assert names[: len(own) - 1] == own[:-1]
    assert {"progress", "checkpoint", "video", "on_step"} <= set(names)
    assert getattr(lichen, name) is getattr(python, name)


def guided(**wanted: Any) -> lichen.Run:
    labels = {"guide": texture((32, 32)), "follow": texture((20, 24))}
    return prepare(texture((32, 32)), **{**labels, **wanted})


@pytest.mark.parametrize(
    ("wanted", "says"),
    [
        (lambda: Run(verbs.fill(texture((20, 20)), HOLE)), "mask is 32x32"),
        (lambda: Run(verbs.fill(texture((32, 32)), HOLE, grow=-1)), "`grow` = -1"),
        (lambda: Run(verbs.fill(texture((32, 32)), HOLE, grow=32)), "leaves nothing"),
        (lambda: Run(verbs.fill(texture((32, 32)), ~HOLE & HOLE)), "array has no hole"),
        (lambda: Run(verbs.extend(texture((32, 32)), top=-4)), "`top` = -4"),
        (lambda: Run(verbs.extend(texture((32, 32)))), "no side"),
        (lambda: Run(verbs.transfer(texture((32, 32)), HOLE * 0.5, blur=-1.0)), "blur` = -1"),
        (lambda: Run(verbs.transfer(texture((32, 32)), HOLE * 0.5, blur=np.nan)), "blur` = nan"),
        (lambda: guided(follow=None), "belong together"),
        (lambda: guided(guide=None), "belong together"),
        (lambda: guided(size=(32, 32)), "already sets the size"),
        (lambda: guided(init="exemplar"), "cannot be combined"),
        (lambda: guided(init=texture((32, 32))), "cannot be combined"),
        (lambda: guided(also=[texture((32, 32))]), "one photo"),
        (lambda: guided(guide=texture((32, 30))), "guide is 30x32"),
        (lambda: guided(method="gatys"), "gatys does not honour guide"),
    ],
)
def test_what_is_refused_before_anything_is_computed(
    wanted: Callable[[], object], says: str
) -> None:
    with pytest.raises((CanvasError, ImageError, ParameterError), match=says):
        wanted()
