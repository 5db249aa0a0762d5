"""Same texture or not: the statistics against slow sums, the verdict against what is known."""

from __future__ import annotations

import itertools
import json
import math
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from lichen.arrays import Array
from lichen.errors import ImageError, LichenError
from lichen.faces.cli.same import same as command
from lichen.image import read_image, write_image
from lichen.quality.discrimination import effective_side, encoder, read_calibration, same
from lichen.quality.patch_statistics import (
    LARGEST,
    STATISTICS,
    between_over_within,
    block_means,
    describe,
    distances,
    pattern_frequencies,
    power_in_bins,
    roots,
    sample,
)
from lichen.textures import julesz

ORDER_ONE_AND_TWO = ("colour", "contrast", "spectrum")


def photo(seed: int, size: tuple[int, int] = (40, 56)) -> Array:
    return np.random.default_rng(seed).random((*size, 3), dtype=np.float32)


def test_block_means_are_means_of_blocks(rng: np.random.Generator) -> None:
    maps = rng.random((9, 14, 2))
    rows, columns = [0, 2, 4, 6, 9], [0, 3, 7, 10, 14]
    slow = [
        maps[top:bottom, left:right].mean((0, 1))
        for top, bottom in itertools.pairwise(rows)
        for left, right in itertools.pairwise(columns)
    ]
    np.testing.assert_allclose(block_means(maps), slow)


def test_distance_of_one_channel_is_welchs_t(rng: np.random.Generator) -> None:
    """It is |t| / sqrt(N), with N blocks a patch."""
    from scipy.stats import ttest_ind

    a, b = rng.normal(0, 1, (16, 1)), rng.normal(1, 3, (16, 1))
    t = float(ttest_ind(a, b, equal_var=False).statistic[0])
    one, other = sample(a), sample(b)
    assert between_over_within(one, other, 0, 1e-6) == pytest.approx(abs(t) / 4, rel=1e-5)
    assert between_over_within(one, other, 0.1, 1e-6) < abs(t) / 4
    assert between_over_within(one, other, 0, 0.1) == pytest.approx(abs(t) / 4 / math.sqrt(1.1))


@pytest.mark.parametrize("n_channels", [3, 70])
def test_distance_of_blocks_is_mahalanobis(n_channels: int, rng: np.random.Generator) -> None:
    """Of fewer channels than blocks and of more, against the inverse written out."""
    a = rng.normal(0, 1, (16, n_channels))
    b = rng.normal(0.3, 1, (16, n_channels)) @ rng.normal(0, 1, (n_channels, n_channels))
    within = np.cov(a.T) + np.cov(b.T)
    ridge = 0.01 + 0.1 * np.trace(within) / n_channels
    difference = a.mean(0) - b.mean(0)
    inverse = np.linalg.inv(within + ridge * np.eye(n_channels))
    slow = math.sqrt(difference @ inverse @ difference / n_channels)
    assert between_over_within(sample(a), sample(b), 0.01, 0.1) == pytest.approx(slow)


def test_a_patch_may_differ_in_the_direction_in_which_it_varies(rng: np.random.Generator) -> None:
    """Blocks from dark to blue: a bluer mean is near, one as far in another direction is not."""
    to_blue, to_red = np.array([0.5, 0.3, 1.0]), np.array([1.0, 0.3, -0.59])
    blocks = rng.uniform(0, 1, (16, 1)) * to_blue + rng.normal(0, 0.02, (16, 3))
    shift = 0.3 / np.linalg.norm([to_blue, to_red], axis=1)
    assert abs(to_blue @ to_red) < 1e-9
    along, across = (
        between_over_within(sample(blocks), sample(blocks + step * way), 1e-4, 0.1)
        for step, way in zip(shift, (to_blue, to_red), strict=True)
    )
    assert across > 2 * along


def test_patterns_of_a_binary_picture_are_its_pixels() -> None:
    """White is above any surround that has black in it: the code is the 3 x 3 pixels."""
    picture = julesz("odd", (22, 30), seed=1)[..., 0].astype(np.float64)
    slow = np.zeros((16, 512))
    for row in range(20):
        for column in range(28):
            bits = picture[row : row + 3, column : column + 3].ravel()
            code = int(sum(bit * 2**k for k, bit in enumerate(bits)))
            slow[row // 5 * 4 + column // 7, code] += 1 / (5 * 7)
    found = pattern_frequencies(picture, 1)
    np.testing.assert_allclose(found, slow, atol=1e-12)
    for code in np.flatnonzero(found.sum(0)):  # odd: each 2 x 2 has an odd product
        cell = (code >> np.arange(9) & 1).reshape(3, 3)
        assert (cell[:2, :2].sum() + cell[1:, :2].sum()) % 2 == 0
        assert cell[:2, :2].sum() % 2 == 1


def test_roots_of_frequencies_have_equal_variance(rng: np.random.Generator) -> None:
    """The variance of a fraction p of n is p (1 - p) / n, that of its root about (1 - p) / 4n."""
    chances, n = np.array([0.02, 0.1, 0.3, 0.58, 0.0]), 1000
    frequencies = rng.multinomial(n, chances, (2, 4000)) / n
    a, b = roots(*map(sample, frequencies))
    hellinger = np.subtract(*np.sqrt(frequencies.mean(1)))
    np.testing.assert_allclose(a.mean - b.mean, hellinger, atol=1e-12)
    expected = np.where(chances > 0, (1 - chances) / (4 * n), 0)
    np.testing.assert_allclose((a.deviations**2).sum(0), expected, rtol=0.1)


def test_patterns_do_not_see_rounding(rng: np.random.Generator) -> None:
    flat = 0.5 + rng.uniform(-1e-4, 1e-4, (40, 40))
    assert (pattern_frequencies(flat, 1)[:, 0] == 1).all()


@pytest.mark.parametrize(("turns", "orientation"), [((0, 16), 0), ((16, 0), 3), ((0, 8), 0)])
def test_a_grating_has_its_power_in_one_bin(turns: tuple[int, int], orientation: int) -> None:
    """16 turns in 64 pixels are 1/4 cycle a pixel; horizontal is orientation 0."""
    y, x = np.mgrid[:64, :64] / 64
    power = power_in_bins(np.sin(2 * np.pi * (turns[0] * y + turns[1] * x + 0.1)))
    frequency = math.hypot(*turns) / 64
    bands = [k for k in range(10) if 2 ** -(5.5 - k / 2) <= frequency + 1e-9]
    assert np.nanargmax(power) == bands[-1] * 6 + orientation


def test_power_of_white_noise_is_its_variance(rng: np.random.Generator) -> None:
    power = power_in_bins(rng.normal(0, 0.3, (200, 240)))
    high = power[-12:]  # of the upper octave: hundreds of frequencies a bin
    assert np.isfinite(power).all()
    np.testing.assert_allclose(high, 0.09, rtol=0.2)
    assert np.isnan(power_in_bins(rng.normal(0, 0.3, (32, 32)))).any()


def test_equal_patches_are_the_same() -> None:
    answer = same(photo(1), photo(1))
    assert answer.verdict == "same"
    assert answer.probability > 0.99
    assert {row.distance for row in answer.statistics.values()} == {0}
    assert set(answer.statistics) == set(STATISTICS)


def test_order_of_the_patches_and_grey_as_colour_do_not_matter() -> None:
    a, b = photo(1), julesz("even", (48, 33), seed=2)
    assert same(a, b).probability == pytest.approx(same(b, a).probability)
    assert same(a, np.repeat(b, 3, axis=2)) == same(a, b)
    assert same(a, b[..., 0].astype(bool)) == same(a, b)


def test_the_centre_of_a_large_patch_is_used() -> None:
    large = photo(3, (40, LARGEST + 7))
    found = distances(describe(large, encoder()), describe(large[:, 3:-4], encoder()))
    assert set(found.values()) == {0}


def test_a_larger_distance_never_raises_the_probability() -> None:
    calibration = read_calibration()
    assert set(calibration.weight) == set(STATISTICS)
    assert min(calibration.weight.values()) >= 0
    for name in STATISTICS:
        before = 1.0
        for distance in (0, 1e-3, 0.1, 1, 10, 1e4):
            probability = calibration.judge(dict.fromkeys(STATISTICS, 0.5) | {name: distance}, 64)
            assert 0 <= probability.probability <= before
            before = probability.probability


def test_contributions_add_up_and_come_in_order() -> None:
    calibration, answer = read_calibration(), same(photo(1), photo(2))
    contributions = [row.contribution for row in answer.statistics.values()]
    assert contributions == sorted(contributions)
    side = effective_side((40, 56), (40, 56))
    assert side == pytest.approx(math.sqrt(40 * 56))
    log_odds = calibration.intercept - calibration.side_slope * math.log2(side)
    log_odds += sum(contributions)
    assert answer.probability == pytest.approx(1 / (1 + math.exp(-log_odds)))
    assert (answer.verdict == "same") == (answer.probability >= 0.5)


def test_the_constants_belong_to_the_shipped_encoder_and_reach_the_required_area() -> None:
    provenance = read_calibration().provenance
    assert provenance["encoder"] == encoder().network, "run benchmarks/discrimination.py --write"
    for weighting in ("held-out area under the ROC curve", "the same, pairs unweighted"):
        assert provenance[weighting]["64"] >= 0.95
        assert provenance[weighting]["128"] >= 0.99


@pytest.mark.parametrize(
    ("one", "other"),
    [(("even", "box"), ("noise", "box")), (("even", "box"), ("odd", "box"))],
)
def test_only_higher_orders_tell_isotrigon_textures_apart(
    one: tuple[str, str], other: tuple[str, str]
) -> None:
    """The statistics of first and second order confuse them; the patterns never do."""
    described = [
        (kind, describe(julesz(kind, 96, glider=glider, seed=10 * k + seed), encoder()))
        for k, (kind, glider) in enumerate((one, other))
        for seed in range(6)
    ]
    found: dict[bool, list[dict[str, float]]] = {True: [], False: []}
    for (kind, a), (its, b) in itertools.combinations(described, 2):
        found[kind == its].append(distances(a, b))
    for name in STATISTICS:
        within = [row[name] for row in found[True]]
        between = [row[name] for row in found[False]]
        larger = np.mean(np.subtract.outer(between, within) > 0)  # area under the ROC curve
        if name in ORDER_ONE_AND_TWO:
            assert 0.25 < larger < 0.75, name
        if name == "patterns":
            assert larger == 1


def test_crops_of_photographs(exemplars_dir: Path) -> None:
    names = ("stochastic/gravel_sk", "regular/herringbone_mx", "stochastic/grass_cc0")
    pictures = [read_image(exemplars_dir / f"{name}.png").pixels for name in names]
    for picture in pictures:
        assert same(picture[:128, :128], picture[-128:, -128:]).verdict == "same"
    for a, b in itertools.combinations(pictures, 2):
        assert same(a[:128, :128], b[:128, :128]).verdict == "different"


def test_a_patch_that_is_too_small_or_not_a_picture_is_an_error() -> None:
    with pytest.raises(ImageError, match="b is 40x31 pixels; use at least 32x32"):
        same(photo(1), photo(2, (31, 40)))
    with pytest.raises(ImageError, match="a has the shape"):
        same(np.zeros(5), photo(2))


def test_the_command_prints_verdict_and_statistics(tmp_path: Path) -> None:
    for name, kind in (("a.png", "even"), ("b.png", "odd")):
        write_image(tmp_path / name, julesz(kind, 64, glider="elbow"))
    files = [str(tmp_path / "a.png"), str(tmp_path / "b.png")]
    printed = CliRunner().invoke(command, files, catch_exceptions=False)
    assert printed.exit_code == 0
    assert printed.output.startswith("different: probability 0.")
    assert len(printed.output.splitlines()) == 2 + len(STATISTICS)
    record = json.loads(CliRunner().invoke(command, [*files, "--json"]).output)
    answer = same(*(read_image(file).pixels for file in files))
    assert record["probability"] == answer.probability
    assert list(record["statistics"]) == list(answer.statistics)
    missing = CliRunner().invoke(command, [files[0], "none.png"])
    assert isinstance(missing.exception, LichenError)
    write_image(tmp_path / "b.png", julesz("odd", 16))
    small = CliRunner().invoke(command, files)
    assert isinstance(small.exception, LichenError)
    assert str(small.exception) == f"{files[1]} is 16x16 pixels; use at least 32x32"


def test_the_verdict_does_not_depend_on_the_device(device: str) -> None:
    a, b = photo(1), julesz("even", (48, 33), seed=2)
    expected, found = (same(a, b, device=where) for where in ("cpu", device))
    for name, row in expected.statistics.items():
        assert found.statistics[name].distance == pytest.approx(row.distance, rel=1e-3, abs=1e-4)
