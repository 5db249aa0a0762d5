"""The classic figures: what each compares, and what Ctrl-C keeps."""

from __future__ import annotations

import numpy as np
import pytest

from lichen.arrays import Array
from lichen.errors import UnknownNameError
from lichen.features.extractor import FeatureExtractor
from lichen.features.load import load_features
from lichen.probe import CLASSICS, ProbeInterruptedError, classic
from lichen.probe.classics import stages
from lichen.probe.figures.pictures import draw_classic
from lichen.run.loop import Run
from lichen.step import Step

CHEAP = {"iterations": 2, "size": (16, 20), "device": "cpu"}


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
    """About 1k, 10k, 177k and 852k, for VGG-19's layers; its weights play no part."""
    settings = CLASSICS["parameters"][1]
    from lichen.probe import classics

    features = load_features("random-vgg", precision="float32", rescale=False)
    figure = classics._Figure(cat, "random-vgg", (16, 16), 0, features)
    counts = [
        classics._count({"network": "random-vgg", **setting.parameters})
        for setting in settings(figure)
    ]
    assert counts == [1024, 10_400, 176_640, 852_128]


def test_weights_are_trained_or_random(encoder: FeatureExtractor, cat: Array) -> None:
    from lichen.probe import classics

    figure = classics._Figure(cat, "encoder", (16, 16), 0, encoder)
    settings = CLASSICS["weights"][1](figure)
    networks = [setting.parameters.get("network", "encoder") for setting in settings]
    assert networks == ["encoder", "random-vgg", "random-vgg", "random-filters"]
    assert settings[1].parameters["rescale"] is settings[1].parameters["relative"] is False


def test_stages_are_the_papers_layers_of_vgg(encoder: FeatureExtractor) -> None:
    vgg = load_features("random-vgg", precision="float32", rescale=False)
    assert stages(vgg) == (("relu1_1",), ("pool1",), ("pool2",), ("pool3",), ("pool4",))
    assert stages(encoder)[1] == ("relu2_1", "relu2_2")
    assert sum(stages(encoder), ()) == encoder.default_layers


@pytest.mark.usefixtures("quick_rescaling")
def test_ctrl_c_keeps_the_pictures_so_far(cat: Array) -> None:
    steps: list[Step] = []

    def stop(step: Step) -> None:
        steps.append(step)
        if (step.level, step.iteration) == (1, 1):
            raise KeyboardInterrupt

    with pytest.raises(ProbeInterruptedError) as caught:
        classic("layers", cat[:24, :24], on_step=stop, **CHEAP)
    panels = caught.value.so_far.panels
    assert [panel.label for panel in panels] == ["L1", "L1-L2"]
    np.testing.assert_array_equal(panels[1].image, steps[-1].image)
    assert isinstance(caught.value, KeyboardInterrupt)


@pytest.mark.usefixtures("quick_rescaling")
def test_ctrl_c_in_the_first_picture_keeps_it_and_before_it_nothing(
    cat: Array, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop(step: Step) -> None:
        raise KeyboardInterrupt

    with pytest.raises(ProbeInterruptedError) as caught:
        classic("layers", cat[:24, :24], on_step=stop, **CHEAP)
    assert len(caught.value.so_far.panels) == 1

    def too_early(run: Run) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Run, "__iter__", too_early)
    with pytest.raises(KeyboardInterrupt) as early:
        classic("layers", cat[:24, :24], **CHEAP)
    assert not isinstance(early.value, ProbeInterruptedError)


@pytest.mark.usefixtures("quick_rescaling")
def test_steps_count_through_the_whole_figure(cat: Array) -> None:
    steps: list[Step] = []
    made = classic("single", cat[:24, :24], on_step=steps.append, **CHEAP)
    fractions = [step.fraction for step in steps]
    assert fractions == sorted(fractions)
    assert fractions[-1] == 1
    assert {step.level for step in steps} == set(range(len(made.panels)))
    assert {step.n_levels for step in steps} == {len(made.panels)}


def test_an_unknown_figure_is_answered_with_the_nearest(cat: Array) -> None:
    with pytest.raises(UnknownNameError, match="layers"):
        classic("layer", cat)
