"""Every registered method keeps the contract; rows and files belong together."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest

from lichen import registry
from lichen.canvas import Canvas
from lichen.exemplar import Exemplar
from lichen.faces import schema
from lichen.faces.cli.methods import explain
from lichen.method import Context, Method
from lichen.nn.device import devices
from lichen.registry import Row
from lichen.run import verbs
from lichen.run.loop import Run
from lichen.step import Step
from lichen.testing import check_method
from running import prepare

CHEAP: dict[str, dict[str, Any]] = {
    "patchmatch": {"iterations": 2},
    "chaos_mosaic": {},
    "graphcut": {"refinement": 0.5},
    "efros_leung": {"window": 5},
    "wei_levoy": {"window": 5},
    "random_phase": {},
    "quilting": {"block": 8},
    "wang_tiles": {"tile_size": 4, "attempts": 4},
    "ashikhmin": {},
    "texture_optimization": {"iterations": 1},
    "k_coherence": {},
    "image_analogies": {},
    "replay": {},
    "gatys": {"network": "pixels", "iterations": 3, "colour_weight": 1.0},
    "heeger_bergen": {"iterations": 3},
    "pooled": {"network": "random-filters", "rescale": False, "iterations": 3},
    "portilla_simoncelli": {"iterations": 2, "descent_iterations": 2},
    "sliced_wasserstein": {"patch": 3, "directions": 4, "iterations": 3},
    "deep_sliced_wasserstein": {"network": "pixels", "iterations": 3},
    "histogram_losses": {"network": "pixels", "iterations": 3, "histogram_layers": ("pixels",)},
    "shifted_gram": {"network": "pixels", "iterations": 3},
    "multi_scale_gram": {"network": "pixels", "iterations": 3},
    "deep_correlations": {"network": "pixels", "iterations": 3},
    "autoencoder": {"widths": (4, 6)},
    "objective": {"network": "pixels", "iterations": 3},
}


RUNS = [
    (name, device)
    for name in sorted(registry.METHODS)
    for device in devices()
    if device == "cpu" or "device" in registry.method(name).capabilities()
]
"""Every method on every device of this machine that it can compute on."""


@pytest.mark.parametrize(("name", "device"), RUNS)
def test_contract(name: str, device: str) -> None:
    check_method(name, device, **CHEAP[name])


def test_rows_and_files_belong_together() -> None:
    folder = Path(registry.__file__).parent / "methods"
    files = {
        ".".join(("lichen.methods", *path.relative_to(folder).with_suffix("").parts))
        for path in folder.rglob("*.py")
        if path.stem not in ("__init__", "family")
    }
    assert files == {row.target.partition(":")[0] for row in registry.METHODS.values()}


@pytest.mark.parametrize("name", sorted(registry.METHODS))
def test_every_parameter_is_described_and_cited(name: str) -> None:
    method = registry.method(name)
    assert method.name == name
    if registry.METHODS[name].year is not None:
        assert any(character.isdigit() for character in method.citation)
    for field_name, field in method.model_fields.items():
        assert field.description, field_name
    for preset in method.presets:
        method.configure(preset)


@pytest.mark.parametrize("name", sorted(registry.METHODS))
def test_every_parameter_says_what_it_trades(name: str) -> None:
    for field in schema.fields(registry.method(name)):
        assert 0 < len(field.trades) <= 140, field.name
    lines = explain(name).splitlines()
    assert max(map(len, lines)) <= 100
    text = " ".join(" ".join(lines).split())
    for field in schema.fields(registry.method(name)):
        assert field.trades in text


PRESETS = [(name, preset) for name in registry.METHODS for preset in registry.method(name).presets]


@pytest.mark.parametrize(("name", "preset"), PRESETS)
def test_every_preset_begins(
    name: str, preset: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheap: dict[str, Any] = {}
    configured = registry.method(name).configure(preset)
    if hasattr(configured, "network"):
        cheap["rescale"] = False  # that takes seconds
        if configured.network in ("vgg19", "squeezenet"):
            monkeypatch.setenv("LICHEN_WEIGHTS", str(request.getfixturevalue("weights_dir")))
    rows, columns = np.mgrid[:48, :44]
    noise = np.random.default_rng(0).normal(0, 0.1, (48, 44, 3))
    wave = 0.5 + 0.3 * np.sin(rows / 2)[..., None] * np.cos(columns / 3)[..., None]
    photo = np.clip(wave + noise, 0, 1)
    arguments = {"method": name, "preset": preset, **cheap}
    if name == "image_analogies":
        run = Run(verbs.analogy(photo, 1 - photo, photo[:40, ::-1], **arguments))
    else:
        run = prepare(photo, size=(40, 44), **arguments)
    steps = list(islice(run, 8))
    for step in steps:
        assert np.isfinite(step.image).all()
        assert step.image.std() > 0
        assert np.isfinite(list(step.losses.values())).all()
    assert run.result().image.shape == (40, 44, 3)


class Broken(Method):
    """Ignores its seed: the checker must notice."""

    name: ClassVar[str] = "broken"
    citation: ClassVar[str] = "nobody 1900"

    def run(
        self, exemplars: Sequence[Exemplar], canvas: Canvas, context: Context
    ) -> Iterator[Step]:
        shape = (*canvas.size, exemplars[0].channels)
        yield Step(np.full(shape, 0.5, np.float32), fraction=1.0)


def test_the_checker_fails_on_a_method_that_ignores_its_seed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(registry.METHODS, "broken", Row(f"{__name__}:Broken", "other", None, ""))
    monkeypatch.setattr(registry, "method", lambda name: Broken)
    with pytest.raises(AssertionError, match="two seeds give the same picture"):
        check_method("broken")
