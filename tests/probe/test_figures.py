"""Figures: one plot for each map, matrix, picture or group."""

from __future__ import annotations

import numpy as np

from lichen.arrays import Array
from lichen.features.extractor import FeatureExtractor
from lichen.probe import (
    FingerprintPair,
    Maximized,
    Reconstruction,
    Snapshot,
    channel_statistics,
    compare_fingerprints,
    feature_maps,
    portilla_simoncelli_groups,
    second_order,
)
from lichen.probe.figures.channels import draw_channels
from lichen.probe.figures.fingerprints import (
    FingerprintVideo,
    draw_fingerprints,
    draw_own_fingerprints,
)
from lichen.probe.figures.parametric import draw_groups
from lichen.probe.figures.pictures import draw_maps, draw_maximized, draw_reconstruction
from lichen.probe.figures.second_order import draw_second_order


def test_one_plot_for_each(encoder: FeatureExtractor, cat: Array) -> None:
    maps = feature_maps(cat, "relu2_1", network=encoder, count=11)
    assert len(draw_maps(maps).axes) == 11
    assert len(draw_channels(channel_statistics(cat, "relu2_1", network=encoder)).axes) == 2
    pairs = compare_fingerprints(cat, cat, ["relu1_1", "relu4_1"], network=encoder)
    assert len(draw_fingerprints(pairs).axes) == 3 * 2
    matrices = {layer: pair.exemplar for layer, pair in pairs.items()}
    assert len(draw_own_fingerprints(matrices).axes) == 2
    assert len(draw_second_order(second_order(cat, cat), ("a", "b")).axes) == 2 * 2 + 1
    assert len(draw_groups(portilla_simoncelli_groups(cat, cat), ("a", "b")).axes) == 4


def test_rows_of_pictures(cat: Array) -> None:
    one = np.ones(2, np.float32)
    eye = np.eye(3, dtype=np.float32)[:2]
    rows = [Maximized(layer, "n", eye, np.stack([cat, cat]), one, one) for layer in ("a", "b")]
    assert [axes.get_title() for axes in draw_maximized(rows).axes] == [
        f"{layer}\nchannel {channel}: 1.0" for layer in "ab" for channel in (0, 1)
    ]
    found = Reconstruction("n", ("a", "b"), cat, np.stack([cat, cat]), one, one)
    assert len(draw_reconstruction(found).axes) == 3


def test_entries_of_a_fingerprint_are_seen(cat: Array) -> None:
    """Strongest channels first, as signed square roots over the largest."""
    matrix = np.diag(np.array([1, 9, 4], np.float32))
    matrix[0, 1] = matrix[1, 0] = -1
    drawn = draw_own_fingerprints({"a": matrix}).axes[0].images[0].get_array()
    assert drawn is not None
    shown = np.asarray(drawn) / np.asarray(drawn)[0, 0]
    np.testing.assert_allclose(
        shown, [[1, 0, -1 / 3], [0, 2 / 3, 0], [-1 / 3, 0, 1 / 3]], atol=0.02
    )


def test_frames_of_a_video_have_one_size_and_show_the_picture(cat: Array) -> None:
    gram = np.eye(4, dtype=np.float32)
    snapshots = [
        Snapshot(number, 0.5 * number, np.full_like(cat, shade), {"a": FingerprintPair(gram, gram)})
        for number, shade in enumerate((0.25, 0.75))
    ]
    video = FingerprintVideo(cat, snapshots[0])
    first, second = (video.frame(snapshot) for snapshot in snapshots)
    assert first.shape == second.shape
    assert np.isclose(first, 64 / 255, atol=5e-3).mean() > 0.05
    assert np.isclose(second, 191 / 255, atol=5e-3).mean() > 0.05
    np.testing.assert_array_equal(video.frame(snapshots[0]), first)
