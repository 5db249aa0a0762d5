"""The Gatys method: its presets and their counts, what it honours, its pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

import lichen
from lichen.arrays import Array
from lichen.canvas import Canvas
from lichen.errors import ParameterError, UnknownNameError
from lichen.exemplar import Exemplar
from lichen.image import read_image, resize_image, write_image
from lichen.method import Context
from lichen.methods.learning.family import Problem
from lichen.methods.learning.gatys import Gatys
from lichen.nn.tensor import to_tensor
from lichen.run.loop import Run
from lichen.run.verbs import continue_from
from running import run_of

synthesize = partial(lichen.synthesize, method="gatys")


def waves(height: int = 48, width: int = 40, seed: int = 0) -> Array:
    rows, columns = np.mgrid[:height, :width]
    noise = np.random.default_rng(seed).normal(0, 0.05, (height, width, 3))
    colours = np.array([0.6, 0.45, 0.3])
    wave = 0.25 * np.sin(2 * np.pi * (rows + columns) / 8)[..., None]
    return np.clip(colours + wave + noise, 0, 1).astype(np.float32)


def test_paper_preset_is_the_2015_paper(weights_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHEN_WEIGHTS", str(weights_dir))
    method = Gatys.configure("paper")
    assert method.count_statistics() == {
        "relu1_1": 2080,
        "pool1": 2080,
        "pool2": 8256,
        "pool3": 32896,
        "pool4": 131328,
    }
    assert (method.memory, method.iterations, method.levels) == (20, 2000, 1)
    assert (method.pooling, method.optimizer, method.border) == ("average", "lbfgs", "zero")
    counts = {
        statistic: sum(Gatys.configure("paper", statistic=statistic).count_statistics().values())
        for statistic in ("gram", "principal-gram", "means")
    }
    assert counts == {"gram": 176_640, "principal-gram": 10_400, "means": 1_024}
    every = [
        f"{kind}{block}_{i}"
        for block, n in ((1, 2), (2, 2), (3, 4), (4, 4))
        for i in range(1, n + 1)
        for kind in ("relu",)
    ]
    every += [f"pool{block}" for block in (1, 2, 3, 4)]
    assert sum(Gatys.configure("paper", layers=every).count_statistics().values()) == 852_128


def test_layer_weights_sum_to_one() -> None:
    method = Gatys.configure(network="encoder", layers=["relu1_1", "relu2_1"], layer_weights=[3, 1])
    features = method._features(Context(), "float32")
    assert method._layers(features) == {"relu1_1": 0.75, "relu2_1": 0.25}


def test_a_networks_own_statistic_and_layers_are_taken_until_others_are_named() -> None:
    def matched(method: Gatys) -> str:
        return method.own_terms()[0].name

    assert matched(Gatys.configure()) == "whitened-gram"
    assert matched(Gatys.configure(statistic="gram")) == "gram"
    assert matched(Gatys.configure("paper")) == matched(Gatys.configure(network="vgg19")) == "gram"

    encoder = Gatys.configure()._features(Context(), "float32")
    own = Gatys.configure()._layers(encoder)
    assert sum(own.values()) == pytest.approx(1)
    assert own["relu1_1"] / own["relu4_2"] == pytest.approx(8)
    named = Gatys.configure(layers=["relu1_1", "relu4_2"])
    assert named._layers(encoder) == {"relu1_1": 0.5, "relu4_2": 0.5}


def test_bad_layers_and_weights() -> None:
    with pytest.raises(ParameterError, match="as many layer_weights as layers"):
        Gatys.configure(layers=["relu1_1"], layer_weights=[1, 2])
    with pytest.raises(ParameterError, match="above 0"):
        Gatys.configure(layers=["relu1_1"], layer_weights=[0])
    with pytest.raises(UnknownNameError, match="relu1_1"):
        synthesize(waves(), layers=["relu1_l"], iterations=1)


def test_spectrum_preset_brings_the_spectrum_nearer() -> None:
    """With the constraint the radial power of a lattice is matched far better than without."""
    exemplar = waves(64, 64)

    def distance(image: Array) -> float:
        ours, wanted = (np.abs(np.fft.fft2(a.mean(2))) for a in (image, exemplar))
        ours[0, 0] = wanted[0, 0] = 0
        return float(np.square(ours - wanted).sum() / np.square(wanted).sum())

    apart = [
        distance(
            synthesize(
                exemplar, network="pixels", iterations=40, levels=1, spectrum_weight=weight, seed=3
            ).image
        )
        for weight in (0.0, 10.0)
    ]
    assert apart[1] < 0.05 < apart[0]


@pytest.mark.parametrize("size", [(96, 128), (33, 47)])
def test_spectrum_at_another_size_keeps_the_waves_period(size: tuple[int, int]) -> None:
    exemplar = waves(64, 64)
    result = synthesize(
        exemplar, size=size, network="pixels", iterations=40, levels=1, spectrum_weight=10.0
    )
    power = np.abs(np.fft.rfft2(result.image.mean(2) - result.image.mean()))
    row, column = np.unravel_index(power.argmax(), power.shape)
    frequency = (min(row, size[0] - row) / size[0], column / size[1])
    assert frequency == pytest.approx((1 / 8, 1 / 8), abs=1.5 / min(size))


def test_colours_of_the_default_do_not_drift(exemplars_dir: Path) -> None:
    """Mean and spread of every channel stay within a few grey levels of the exemplar's."""
    photo = read_image(exemplars_dir / "cellular" / "red_peppers_tn.png").pixels
    exemplar = resize_image(photo, (64, 64))
    image = synthesize(exemplar, iterations=30, wrap=True).image
    assert np.abs(image.mean((0, 1)) - exemplar.mean((0, 1))).max() < 4 / 255
    assert np.abs(image.std((0, 1)) - exemplar.std((0, 1))).max() < 6 / 255


def test_grey_stored_as_colour_stays_grey() -> None:
    grey = np.repeat(waves()[..., :1], 3, axis=2)
    image = synthesize(grey, network="pixels", iterations=5).image
    assert image.shape == (48, 40, 3)
    assert np.ptp(image, axis=2).max() == 0


def test_masked_colour_does_not_come_back() -> None:
    exemplar = waves()
    exemplar[:, :20] = (0.0, 1.0, 0.0)
    mask = np.ones((48, 40), bool)
    mask[:, :20] = False
    kept = synthesize(exemplar, mask=mask, network="pixels", iterations=20).image
    assert kept[..., 1].max() <= exemplar[:, 20:, 1].max() + 1e-6
    green = synthesize(exemplar, network="pixels", iterations=20).image
    assert (green[..., 1] > 0.95).mean() > 0.2


def test_init_from_the_exemplar_starts_at_no_loss() -> None:
    method = Gatys.configure(network="pixels", levels=1, iterations=3)
    run = run_of(method, [Exemplar.from_array(waves())], Canvas((48, 40), init="exemplar"))
    assert all(step.losses["total"] < 1e-6 for step in run)


def test_continuing_from_a_result_lowers_its_loss(tmp_path: Path) -> None:
    write_image(tmp_path / "waves.png", waves())
    first = synthesize(
        tmp_path / "waves.png", network="random-filters", iterations=4, levels=1, colour_weight=0
    )
    first.save(tmp_path / "first.png", bit_depth=16)
    run = Run(continue_from(tmp_path / "first.png", 6))
    steps = list(run)
    assert len(steps) == 6
    assert steps[-1].losses["total"] < first.provenance.losses["total"]


def test_adam_lowers_the_loss_too() -> None:
    method = Gatys.configure(network="pixels", levels=1, iterations=60, optimizer="adam")
    run = run_of(method, [Exemplar.from_array(waves())], Canvas((48, 40), seed=1))
    losses = [step.losses["total"] for step in run]
    assert losses[-1] < 0.2 * losses[0]


def test_wrapped_result_has_no_seam(exemplars_dir: Path) -> None:
    """Across the seam neighbours differ no more than elsewhere."""
    photo = read_image(exemplars_dir / "stochastic" / "rusty_metal_cc0.png").pixels
    exemplar = np.ascontiguousarray(photo[:96, :96])
    image = synthesize(exemplar, wrap=True, iterations=25).image
    for axis in (0, 1):
        across = np.abs(image.take(0, axis) - image.take(-1, axis)).mean()
        inside = np.abs(np.diff(image, axis=axis)).mean()
        assert across < 1.6 * inside


def test_network_in_float64_equals_float32_closely() -> None:
    exemplar = Exemplar.from_array(waves())
    losses = []
    for precision in ("float32", "float64"):
        method = Gatys.configure(
            network="random-filters", precision=precision, iterations=1, levels=1
        )
        run = run_of(method, [exemplar], Canvas((48, 40)))
        losses.append(next(iter(run)).losses["total"])
    assert losses[0] == pytest.approx(losses[1], rel=1e-3)


def test_float32_continues_where_bfloat16_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Automatic bfloat16 is followed by float32, since its rounding ends the search early."""
    rng = np.random.default_rng(0)
    exemplar = rng.random((32, 32, 3)).astype(np.float32)
    near = (exemplar + rng.normal(0, 0.02, exemplar.shape)).clip(0, 1).astype(np.float32)
    wanted = {"levels": 1, "iterations": 60, "spectrum_weight": 0.0, "colour_weight": 0.0}
    monkeypatch.setenv("LICHEN_PRECISION", "bfloat16")
    finals, precise = {}, Gatys.configure(precision="float32", **wanted)
    for precision in ("auto", "bfloat16"):
        image = synthesize(exemplar, init=near, precision=precision, **wanted).image
        canvas, context = Canvas((32, 32)), Context()
        problem = Problem.of([Exemplar.from_array(exemplar)], None, canvas, context)
        level = precise._levels((32, 32), (32, 32))[0]
        features = precise._features(context, "float32")
        objective = precise._objective(problem, features, level)
        finals[precision] = float(objective(to_tensor(image))[0])
    assert finals["auto"] < 0.9 * finals["bfloat16"]
