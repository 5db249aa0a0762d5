"""The classic figures: what each compares, and what is left of one that is interrupted."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from lichen.errors import UnknownNameError
from lichen.faces.python import RunInterruptedError
from lichen.features.extractor import FeatureExtractor
from lichen.features.load import load_features
from lichen.probe import CLASSICS, ProbeInterruptedError, classic
from lichen.probe.classics import stages
from lichen.probe.figures.pictures import draw_classic

Array = NDArray[np.float32]
CHEAP = {"iterations": 2, "progress": False, "size": (16, 20)}


@pytest.mark.usefixtures("quick_rescaling")
@pytest.mark.parametrize("name", ["layers", "single", "parameters", "starts"])
def test_all_are_made_and_differ(name: str, cat: Array) -> None:
    made = classic(name, cat[:24, :24], **CHEAP)
    assert len(made.panels) >= 4
    images = [panel.image for panel in made.panels]
    assert all(image.shape == (16, 20, 3) for image in images)
    for number, image in enumerate(images):
        assert not any(np.array_equal(image, other) for other in images[:number])
    starts = any(panel.start is not None for panel in made.panels)
    assert starts == (name == "starts")
    axes = draw_classic(made).axes
    assert len(axes) == 1 + len(images) * (1 + starts)


@pytest.mark.usefixtures("quick_rescaling")
def test_counts_of_the_paper(monkeypatch: pytest.MonkeyPatch, cat: Array) -> None:
    """About 1k, 10k, 177k and 852k numbers, of VGG-19's layers; its weights play no part."""
    settings = CLASSICS["parameters"][1]
    from lichen.probe import classics

    features = load_features("random-vgg", precision="float32", rescale=False)
    order = classics._Order(cat, "random-vgg", (16, 16), 0, features)
    counts = [
        classics._count({"network": "random-vgg", **setting.parameters})
        for setting in settings(order)
    ]
    assert counts == [1024, 10_400, 176_640, 852_128]


def test_weights_are_trained_or_random(encoder: FeatureExtractor, cat: Array) -> None:
    from lichen.probe import classics

    order = classics._Order(cat, "encoder", (16, 16), 0, encoder)
    settings = CLASSICS["weights"][1](order)
    networks = [setting.parameters.get("network", "encoder") for setting in settings]
    assert networks == ["encoder", "random-vgg", "random-vgg", "random-filters"]
    assert settings[1].parameters["rescale"] is settings[1].parameters["relative"] is False


def test_stages_are_the_papers_layers_of_vgg(encoder: FeatureExtractor) -> None:
    vgg = load_features("random-vgg", precision="float32", rescale=False)
    assert stages(vgg) == (("relu1_1",), ("pool1",), ("pool2",), ("pool3",), ("pool4",))
    assert stages(encoder)[1] == ("relu2_1", "relu2_2")
    assert sum(stages(encoder), ()) == encoder.default_layers


@pytest.mark.usefixtures("quick_rescaling")
def test_ctrl_c_leaves_what_there_is(monkeypatch: pytest.MonkeyPatch, cat: Array) -> None:
    from lichen.probe import classics

    calls: list[Any] = []

    def finish(run: Any, **how: Any) -> Any:
        calls.append(run)
        if len(calls) == 1:
            return run_to_its_end(run)
        next(iter(run))
        raise RunInterruptedError(run.result())

    def run_to_its_end(run: Any) -> Any:
        for _ in run:
            pass
        return run.result()

    monkeypatch.setattr(classics, "finish", finish)
    with pytest.raises(ProbeInterruptedError) as caught:
        classic("layers", cat[:24, :24], **CHEAP)
    assert [panel.label for panel in caught.value.so_far.panels] == ["L1", "L1-L2"]
    assert isinstance(caught.value, KeyboardInterrupt)


def test_unknown_figures_are_told_the_nearest(cat: Array) -> None:
    with pytest.raises(UnknownNameError, match="layers"):
        classic("layer", cat)
