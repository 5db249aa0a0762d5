"""No parameter is without effect: each one, changed alone, changes the picture or the losses."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from lichen import registry
from lichen.canvas import Canvas
from lichen.errors import WeightsError
from lichen.exemplar import Exemplar
from lichen.methods.learning.family import ImageLearning
from lichen.nn.device import devices
from running import run_of

METHODS = [
    name
    for name, row in registry.METHODS.items()
    if row.family == "learning" and issubclass(registry.method(name), ImageLearning)
]
CHEAP: dict[str, Any] = {"iterations": 2, "levels": 1, "rescale": False, "precision": "float32"}
OTHERS: dict[str, tuple[Any, dict[str, Any]]] = {
    "iterations": (3, {}),
    "coarser": (3.0, {"levels": 2}),
    "levels": (2, {}),
    "optimizer": (None, {}),  # the other one
    "memory": (1, {"optimizer": "lbfgs", "iterations": 5}),
    "learning_rate": (0.04, {"optimizer": "adam"}),
    "final_rate": (0.5, {"optimizer": "adam"}),
    "noise": ("faint", {}),
    "bounds": ("none", {}),
    "mix": ((3.0, 1.0), {}),
    "network": ("random-vgg", {}),
    "layers": (("relu1_1",), {}),
    "layer_weights": ((3.0, 1.0), {"layers": ("relu1_1", "relu2_1")}),
    "relative": (False, {}),
    "pooling": ("max", {}),
    "rescale": (True, {}),
    "standardize": (False, {}),
    "border": ("zero", {}),
    "precision": ("bfloat16", {}),
    "term": ({"spectrum": 0.1}, {}),
    "colour_weight": (0.5, {}),
    "statistic": ("covariance", {}),
    "components": (2, {"statistic": "principal-gram"}),
    "means_weight": (0.5, {}),
    "spectrum_weight": (0.5, {}),
    "histogram_layers": (("relu2_1",), {}),
    "histogram_weight": (0.5, {}),
    "shift_weight": (1.0, {}),
    "reach": (0.2, {}),
    "octaves": (1, {}),
    "structure_weight": (1.0, {}),
    "structure_layers": (("relu1_1",), {}),
    "redraw_every": (1, {}),
    "patch": (5, {}),
    "directions": (8, {}),
    "factor": (0.5, {"levels": 2}),
    "coarsest": (32, {"levels": None}),
}
"""Another value of every parameter, and parameters with which it matters."""


def exemplars() -> list[Exemplar]:
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:40, :44]
    wave = 0.25 * np.sin((rows + columns) / 2)[..., None]
    return [
        Exemplar.from_array(np.clip(mean + wave + rng.normal(0, 0.05, (40, 44, 3)), 0, 1))
        for mean in ((0.6, 0.45, 0.3), (0.3, 0.4, 0.6))
    ]


def outcome(name: str, parameters: Mapping[str, Any]) -> tuple[bytes, list[dict[str, float]]]:
    """Return the pixels of a short run, and the losses of its steps."""
    method = registry.method(name).configure(**parameters)
    run = run_of(method, exemplars(), Canvas((64, 66), seed=2))
    losses = [dict(step.losses) for step in run]
    return run.result().image.tobytes(), losses


@pytest.mark.parametrize("name", METHODS)
def test_every_parameter_changes_the_picture_or_the_losses(name: str) -> None:
    fields = registry.method(name).model_fields
    made: dict[str, tuple[bytes, list[dict[str, float]]]] = {}

    def cached(parameters: dict[str, Any]) -> tuple[bytes, list[dict[str, float]]]:
        key = repr(sorted(parameters.items()))
        if key not in made:
            made[key] = outcome(name, parameters)
        return made[key]

    without_effect = []
    for field in fields:
        if field == "weights":
            continue
        value, needed = OTHERS[field]
        base = {key: value for key, value in {**CHEAP, **needed}.items() if key in fields}
        if field == "optimizer":
            value = "adam" if fields[field].default == "lbfgs" else "lbfgs"
        assert base.get(field, fields[field].default) != value, f"{field} is not changed"
        if cached(base) == cached({**base, field: value}):
            without_effect.append(field)
    assert not without_effect


@pytest.mark.parametrize("name", [name for name in METHODS if name != "sliced_wasserstein"])
def test_the_file_of_weights_is_read(name: str, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"none\.safetensors"):
        outcome(name, {**CHEAP, "weights": tmp_path / "none.safetensors"})


def test_sliced_wasserstein_shows_nothing_of_networks() -> None:
    shown = registry.method("sliced_wasserstein").model_fields
    others = {"network", "weights", "layers", "layer_weights", "relative", "pooling", "term"}
    assert not shown.keys() & (others | {"rescale", "standardize", "border", "precision"})


@pytest.mark.parametrize("device", devices())
@pytest.mark.parametrize("name", METHODS)
def test_one_device_gives_the_same_bytes_twice(name: str, device: str) -> None:
    fields = registry.method(name).model_fields
    method = registry.method(name).configure(
        **{key: value for key, value in {**CHEAP, "levels": 2}.items() if key in fields}
    )
    images = []
    for _ in range(2):
        run = run_of(method, exemplars(), Canvas((48, 50), (True, False), 3), device=device)
        for _step in run:
            pass
        assert run.provenance().job.device == device
        images.append(run.result().image)
    assert np.array_equal(*images)
