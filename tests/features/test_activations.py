from __future__ import annotations

import os
import stat
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
import torch
from torch import Tensor

from lichen.features import activations
from lichen.features.activations import FLOOR, mean_activations, measure
from lichen.features.extractor import FeatureExtractor
from lichen.features.load import load_features
from lichen.features.natural_images import NAMES, natural_images
from lichen.nn.border import Border
from lichen.weights.folders import cache_folder


class ThreeFilters(FeatureExtractor):
    """A layer of three: red, a hundredth of green, and one that never fires."""

    network = "three filters"
    layers = ("conv", "relu", "pool")
    default_layers = ("relu",)
    calls = 0

    def __init__(self) -> None:
        super().__init__()
        self.strides = dict.fromkeys(self.layers, 1)

    def forward(self, image: Tensor, layers: Sequence[str], border: Border) -> dict[str, Tensor]:
        type(self).calls += 1
        red, green = image[:, :1], image[:, 1:2]
        return dict.fromkeys(layers, torch.cat([red, green / 1000, 0 * red], dim=1))

    def channels(self, layer: str) -> int:
        return 3

    def rescaled(self, mean_activations: Mapping[str, Tensor]) -> FeatureExtractor:
        return self


@pytest.fixture
def three(monkeypatch: pytest.MonkeyPatch) -> ThreeFilters:
    monkeypatch.setattr(ThreeFilters, "calls", 0)
    return ThreeFilters()


def test_the_images_are_small_and_of_many_kinds() -> None:
    images = list(natural_images(64))
    assert len(images) == len(NAMES)
    for image in images:
        assert max(image.shape[2:]) == 64
        assert float(image.min()) >= 0
        assert float(image.max()) <= 1
        assert float(image.std()) > 0.01
    assert any(not torch.equal(image[:, 0], image[:, 2]) for image in images)


def test_means_are_over_all_positions_of_all_images(three: ThreeFilters) -> None:
    red = torch.cat([image[0, 0].flatten() for image in natural_images(64)])
    found = measure(three, 64)
    assert found.keys() == {"relu"}
    assert float(found["relu"][0]) == pytest.approx(float(red.mean()), rel=1e-5)
    assert float(found["relu"][2]) == 0


def test_a_filter_that_hardly_fires_has_the_floor(three: ThreeFilters) -> None:
    raw, means = measure(three)["relu"], mean_activations(three)["relu"]
    typical = float(raw[:2].median())  # of the filters that fire at all; the lower of two
    assert float(means[0]) == float(raw[0])
    assert float(means[1]) == pytest.approx(max(float(raw[1]), FLOOR * typical))
    assert float(means[2]) == pytest.approx(FLOOR * typical)
    assert float(means.min()) > 0


def test_they_are_measured_once_and_then_kept(three: ThreeFilters) -> None:
    first = mean_activations(three, "three-abc")
    measured = three.calls
    assert measured == len(NAMES)
    again = mean_activations(three, "three-abc")
    assert three.calls == measured
    assert torch.equal(first["relu"], again["relu"])
    mean_activations(three, "other-key")
    assert three.calls == 2 * measured
    folder = cache_folder() / "activations"
    assert len(list(folder.iterdir())) == 2  # and nothing temporary


@pytest.mark.parametrize("content", [b"", b"rubbish" * 100])
def test_a_damaged_record_is_measured_again(three: ThreeFilters, content: bytes) -> None:
    first = mean_activations(three, "three-abc")
    (record,) = (cache_folder() / "activations").iterdir()
    record.write_bytes(content)
    assert torch.equal(mean_activations(three, "three-abc")["relu"], first["relu"])
    assert record.read_bytes() != content


def test_a_record_of_another_network_is_not_used(three: ThreeFilters) -> None:
    from safetensors.torch import save_file

    mean_activations(three, "three-abc")
    (record,) = (cache_folder() / "activations").iterdir()
    save_file({"relu": torch.ones(4)}, record)
    assert mean_activations(three, "three-abc")["relu"].shape == (3,)


def test_a_cache_that_cannot_be_written_does_no_harm(
    three: ThreeFilters, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    blocked = tmp_path / "a file, not a folder"
    blocked.write_text("")
    monkeypatch.setenv("LICHEN_CACHE", str(blocked))
    assert mean_activations(three, "three-abc")["relu"].shape == (3,)
    closed = tmp_path / "closed"
    closed.mkdir()
    closed.chmod(stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.setenv("LICHEN_CACHE", str(closed))
    assert mean_activations(three, "three-abc")["relu"].shape == (3,)
    if os.name == "posix" and os.geteuid() != 0:
        assert list(closed.iterdir()) == []


@pytest.mark.parametrize("network", ["random-filters", "squeezenet", "vgg19"])
def test_rescaled_networks_have_mean_activation_one_on_the_natural_images(
    network: str, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    if network != "random-filters":
        monkeypatch.setenv("LICHEN_WEIGHTS", str(request.getfixturevalue("weights_dir")))
    small = natural_images
    monkeypatch.setattr(activations, "natural_images", lambda longest_side: small(96))
    raw = measure(load_features(network, rescale=False, precision="float32"))
    means = measure(load_features(network, precision="float32"))
    for name, mean in means.items():
        floored = raw[name] < FLOOR * raw[name][raw[name] > 0].median()
        assert bool((~floored).any())
        ones = torch.ones_like(mean[~floored])
        torch.testing.assert_close(mean[~floored], ones, rtol=1e-3, atol=0)
        assert bool((mean[floored] < 1).all())
