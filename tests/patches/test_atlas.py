"""The atlas: whatever is laid out, a usable place is a pixel of an exemplar, beside its own."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lichen.canvas import Canvas
from lichen.errors import ImageError, LichenError, ParameterError
from lichen.exemplar import Exemplar
from lichen.patches.windows import anchors_of
from references.plain_patchmatch import plain_anchors
from running import atlas_of


def _exemplars(sizes: list[tuple[int, int]], seed: int, guide: int = 0) -> list[Exemplar]:
    rng = np.random.default_rng(seed)
    found = []
    for size in sizes:
        mask = rng.random(size) < 0.8
        mask[0, 0] = True
        pixels = rng.random((*size, 4), np.float32)
        one = Exemplar.from_array(pixels[..., :3], mask).with_maps({"height": pixels[..., 3:]})
        found.append(one.with_guide(rng.random((*size, guide))) if guide else one)
    return found


@settings(deadline=None, max_examples=40)
@given(
    sizes=st.lists(st.tuples(st.integers(1, 9), st.integers(1, 9)), min_size=1, max_size=4),
    rotations=st.booleans(),
    mirror=st.booleans(),
    guide=st.sampled_from([0, 1, 3]),
    seed=st.integers(0, 2**32),
)
def test_source_pixels_point_back_to_equal_pixels(
    sizes: list[tuple[int, int]], rotations: bool, mirror: bool, guide: int, seed: int
) -> None:
    exemplars = _exemplars(sizes, seed, guide)
    atlas = atlas_of(exemplars, rotations=rotations, mirror=mirror)
    places = np.flatnonzero(atlas.usable).astype(np.int32)
    sources = atlas.origins(places[None])[0]
    versions = (4 if rotations else 1) * (2 if mirror else 1)
    for number, exemplar in enumerate(exemplars):
        ours = sources[:, 0] == number
        y, x = sources[ours, 1], sources[ours, 2]
        assert exemplar.mask is not None
        assert exemplar.mask[y, x].all()
        assert ours.sum() == versions * exemplar.mask.sum(), "each version is there, whole"
        np.testing.assert_array_equal(atlas.copy(places[ours]), exemplar.pixels[y, x])
        features = atlas.features.reshape(-1, 4 + guide)[places[ours]]
        np.testing.assert_allclose(features[:, :4], exemplar.pixels[y, x] * atlas.scale)
        if exemplar.guide is not None:
            guided = exemplar.guide[y, x] * np.float32(atlas.guide_scale)
            np.testing.assert_allclose(features[:, 4:], guided)
    assert (sources[:, 0] >= 0).all()
    for axis in (0, 1):  # usable neighbours are neighbours in one exemplar
        here, there = (np.delete(atlas.origin, end, axis) for end in (-1, 0))
        both = np.delete(atlas.usable, -1, axis) & np.delete(atlas.usable, 0, axis)
        apart = np.abs(here - there)[both]
        assert (apart[:, 0] == 0).all()
        assert (apart[:, 1:].sum(1) == 1).all()


def test_rotated_versions_are_those_of_the_square() -> None:
    exemplar = Exemplar.from_array(np.random.default_rng(0).random((5, 7, 3), np.float32))
    atlas = atlas_of([exemplar], rotations=True, mirror=True)
    found = set()
    for size in ((5, 7), (7, 5)):
        height, width = atlas.usable.shape
        for y, x in np.ndindex(height - size[0] + 1, width - size[1] + 1):
            here = slice(y, y + size[0]), slice(x, x + size[1])
            if atlas.usable[here].all():
                found.add(atlas.pixels[here].tobytes())
    rotated = [np.rot90(exemplar.pixels, quarters) for quarters in range(4)]
    assert found == {np.ascontiguousarray(v).tobytes() for t in rotated for v in (t, t[:, ::-1])}


@settings(deadline=None, max_examples=40)
@given(
    st.tuples(st.integers(1, 12), st.integers(1, 12)),
    st.integers(1, 13),
    st.sampled_from([0.0, 0.05, 0.4]),
    st.integers(0, 2**32),
)
def test_anchors_are_where_all_pixels_of_a_square_are_usable(
    size: tuple[int, int], side: int, holes: float, seed: int
) -> None:
    usable = np.random.default_rng(seed).random(size) >= holes
    np.testing.assert_array_equal(anchors_of(usable, side), plain_anchors(usable, side))


def test_no_room_for_a_patch_is_an_error() -> None:
    atlas = atlas_of([Exemplar.from_array(np.zeros((9, 6, 3)))])
    assert atlas.anchors(6).sum() == 4
    with pytest.raises(ImageError, match="no 7x7 px patch fits"):
        atlas.anchors(7)


def test_origins_of_no_source_are_none() -> None:
    atlas = atlas_of([Exemplar.from_array(np.zeros((3, 4, 1)))])
    places = np.array([[-1, 6], [0, -1]], np.int32)
    np.testing.assert_array_equal(
        atlas.origins(places), [[[-1, -1, -1], [0, 1, 2]], [[0, 0, 0], [-1, -1, -1]]]
    )


def test_a_map_counts_what_its_weight_says_whatever_its_channels() -> None:
    [exemplar] = _exemplars([(4, 5)], 1)
    differences = exemplar.pixels[0, 0] - exemplar.pixels[2, 3]
    colour, height = np.square(differences[:3]).mean(), np.square(differences[3])
    for weights, wanted in (
        (None, colour + 0.5 * height),
        ({"height": 2.0}, colour + 2 * height),
        ({"color": 0.0, "height": 1.0}, height),
    ):
        features = atlas_of([exemplar], map_weights=weights).features
        apart = np.square(features[0, 0] - features[2, 3]).sum()
        assert apart == pytest.approx(wanted, rel=1e-5)
    guided = atlas_of([exemplar.with_guide(np.eye(4, 5))], guide_weight=9.0)
    assert np.square(guided.features[..., 4:]).max() == pytest.approx(9.0)


def test_known_pixels_and_the_guide_are_in_the_features_terms() -> None:
    [exemplar] = _exemplars([(6, 6)], 2, guide=3)
    atlas = atlas_of([exemplar], guide_weight=2.0)
    assert exemplar.guide is not None
    known = np.zeros((6, 6), bool)
    known[1:3] = True
    picture = np.where(known[..., None], exemplar.pixels, np.float32(np.nan))
    canvas = Canvas((6, 6), known=picture, known_mask=known, guide=exemplar.guide)
    features, mask = atlas.features_of(canvas)
    np.testing.assert_array_equal(mask, known)
    np.testing.assert_array_equal(features[known], atlas.features[known])
    np.testing.assert_array_equal(features[..., 4:], atlas.features[..., 4:])
    assert (features[~known, :4] == 0).all()


@pytest.mark.parametrize("rotated", [False, True])
def test_to_begin_with_the_exemplar_is_repeated(rotated: bool) -> None:
    exemplars = [
        Exemplar.from_array(np.random.default_rng(k).random((5, 7, 3), np.float32)) for k in (0, 1)
    ]
    atlas = atlas_of(exemplars, rotations=rotated, mirror=rotated)
    start = atlas.initial_features(Canvas((12, 9), init="exemplar"))
    assert start is not None
    y, x = np.mgrid[:12, :9]
    np.testing.assert_array_equal(start, exemplars[0].pixels[y % 5, x % 7] * atlas.scale)
    assert atlas.initial_features(Canvas((12, 9))) is None
    picture = Exemplar.from_array(np.full((12, 9, 3), 0.5))
    given = atlas.initial_features(Canvas((12, 9), init=picture))
    np.testing.assert_array_equal(given, picture.pixels * atlas.scale)


def test_what_does_not_go_together_is_refused() -> None:
    [exemplar] = _exemplars([(4, 5)], 3)
    colours = Exemplar.from_array(np.zeros((4, 5, 3)))
    normal = colours.with_maps({"normal": np.zeros((4, 5, 3), np.float32)})
    guided = replace(exemplar, guide=np.zeros((4, 5, 1), np.float32))
    refused: list[tuple[list[Exemplar], dict[str, object], str]] = [
        ([exemplar, colours], {}, "maps"),
        ([exemplar, guided], {}, "guide"),
        ([exemplar], {"map_weights": {"hight": 1.0}}, "height"),
        ([exemplar], {"map_weights": {"color": 0.0, "height": 0.0}}, "weight 0"),
        ([normal], {"rotations": True}, "normal"),
        ([normal], {"mirror": True}, "normal"),
    ]
    for exemplars, how, told in refused:
        with pytest.raises(LichenError, match=told) as error:
            atlas_of(exemplars, **how)  # type: ignore[arg-type]
        assert isinstance(error.value, ParameterError)
