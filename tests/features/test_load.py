from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lichen.errors import ParameterError, UnknownNameError, WeightsError
from lichen.features.activations import Rescalable
from lichen.features.catalogue import NETWORKS
from lichen.features.load import load_features
from lichen.weights.catalogue import ROWS

METADATA = {
    "architecture": "small",
    "input": "RGB",
    "mean": "0.5,0.25,0.125",
    "std": "0.5, 0.25, 0.5",
    "pool": "average",
}


def encoder_file(folder: Path, network: str = "encoder", **changes: str) -> Path:
    generator = torch.Generator().manual_seed(0)
    tensors = {}
    for name, shape in {"conv1_1": (4, 3, 3, 3), "conv2_1": (6, 4, 3, 3)}.items():
        tensors[f"{name}.weight"] = torch.randn(shape, generator=generator).half()
        tensors[f"{name}.bias"] = torch.randn(shape[:1], generator=generator).half()
    if network == "autoencoder":
        tensors["decoder.0.weight"] = torch.zeros(4, 6, 3, 3).half()
    save_file(tensors, folder / f"{network}.safetensors", metadata=METADATA | changes)
    return folder / f"{network}.safetensors"


def test_unknown_names_answer_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="vgg19"):
        load_features("vgg-19")
    with pytest.raises(UnknownNameError, match="random-filters"):
        load_features("random-filter")


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"precision": "half"}, "precision"),
        ({"pooling": "median"}, "pooling"),
        ({"weights": Path("x")}, "reads no weights"),
    ],
)
def test_settings_that_do_not_exist_are_errors(settings: dict, problem: str) -> None:
    with pytest.raises(ParameterError, match=problem):
        load_features("pixels", **settings)


def test_absent_weights_are_a_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    with pytest.raises(WeightsError, match=r"https://.*SHA-256"):
        load_features("vgg19")


def test_tf32_is_for_automatic_precision_on_cuda_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    allowed: list[bool] = []
    monkeypatch.setattr("lichen.features.load.allow_tf32", allowed.append)
    monkeypatch.setattr("lichen.features.load.choose_precision", lambda *_: torch.float32)
    monkeypatch.setattr(torch.nn.Module, "to", lambda module, device: module)
    for precision in ("auto", "float32"):
        load_features("pixels", precision=precision, device="cuda:0")  # type: ignore[arg-type]
        load_features("pixels", precision=precision)  # type: ignore[arg-type]
    assert allowed == [True, False]


def test_every_row_of_weights_has_a_network_that_reads_it() -> None:
    assert {row.network for row in ROWS} == {e.weights for e in NETWORKS.values() if e.weights}


def test_the_encoder_is_normalized_as_its_file_says(tmp_path: Path) -> None:
    net = load_features("encoder", weights=encoder_file(tmp_path), rescale=False)
    assert net.network.startswith("encoder sha256:")
    assert net.default_layers == ("relu1_1", "relu2_1")
    file = load_features(
        "encoder", weights=tmp_path / "encoder.safetensors", rescale=False, precision="float64"
    )
    grey = torch.tensor([0.5, 0.25, 0.125], dtype=torch.float64).view(1, 3, 1, 1)
    flat = grey.expand(1, 3, 6, 6)  # the mean itself: only the bias remains
    maps = file(flat, ["conv1_1"], ("circular", "circular"))["conv1_1"]
    torch.testing.assert_close(maps, file.inner.bias("conv1_1").view(1, -1, 1, 1).expand_as(maps))
    step = torch.tensor([0.5, 0.25, 0.5], dtype=torch.float64).view(1, 3, 1, 1)
    maps = file(flat + step, ["conv1_1"], ("circular", "circular"))["conv1_1"]
    expected = file.inner.bias("conv1_1") + file.inner.weight("conv1_1").sum((1, 2, 3))
    torch.testing.assert_close(maps, expected.view(1, -1, 1, 1).expand_as(maps))


@pytest.mark.parametrize(
    ("changes", "problem"), [({"input": "YUV"}, "RGB or BGR"), ({"mean": "0.5"}, "mean as '0.5'")]
)
def test_an_encoder_that_does_not_say_how_is_refused(
    tmp_path: Path, changes: dict[str, str], problem: str
) -> None:
    with pytest.raises(WeightsError, match=problem):
        load_features("encoder", weights=encoder_file(tmp_path, **changes))


def test_without_weights_an_autoencoder_says_how_to_train_one() -> None:
    with pytest.raises(WeightsError, match="lichen train autoencoder"):
        load_features("autoencoder")


def test_an_encoder_and_an_autoencoder_are_not_taken_for_each_other(tmp_path: Path) -> None:
    for name, other in (("encoder", "autoencoder"), ("autoencoder", "encoder")):
        file = encoder_file(tmp_path, name).rename(tmp_path / "mine.safetensors")
        assert load_features(name, weights=file, rescale=False).network.startswith(name)
        with pytest.raises(WeightsError, match=f"does not hold the weights of {other}"):
            load_features(other, weights=file)


def weights_of(network: str, tmp_path: Path, request: pytest.FixtureRequest) -> Path | None:
    """Return a file or folder with weights of a φ: made up where any widths will do."""
    if NETWORKS[network].weights is None:
        return None
    if network in ("encoder", "autoencoder"):
        return encoder_file(tmp_path, network)
    return Path(request.getfixturevalue("weights_dir"))


@pytest.mark.parametrize("network", list(NETWORKS))
def test_maps_and_gradients_are_the_same_on_every_device(
    network: str, device: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    weights = weights_of(network, tmp_path, request)
    image = torch.rand((1, 3, 40, 48), generator=torch.Generator().manual_seed(0))
    results = []
    for place in ("cpu", device):
        net = load_features(
            network, weights=weights, rescale=False, precision="float32", device=place
        )
        shown = image.to(place).requires_grad_()
        maps = net(shown, net.default_layers, ("circular", "reflect"))
        assert all(found.device == shown.device for found in maps.values())
        total = torch.stack([found.square().mean() for found in maps.values()]).sum()
        (gradient,) = torch.autograd.grad(total, shown)
        results.append([found.detach().cpu() for found in (gradient, *maps.values())])
    for expected, found in zip(*results, strict=True):
        scale = float(expected.abs().max()) + 1e-12
        torch.testing.assert_close(found / scale, expected / scale, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("network", list(NETWORKS))
def test_no_map_is_made_on_another_device_than_the_image(
    network: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    """torch's device without memory refuses to be mixed with tensors of the CPU."""
    weights = weights_of(network, tmp_path, request)
    net = load_features(network, weights=weights, rescale=False, device="meta")
    image = torch.rand((1, 3, 33, 20), device="meta", requires_grad=True)
    for border in (("zero", "zero"), ("circular", "reflect"), ("zero", "replicate")):
        maps = net(image, net.layers, border)  # type: ignore[arg-type]
        assert all(found.device.type == "meta" for found in maps.values())
        (gradient,) = torch.autograd.grad(sum(found.sum() for found in maps.values()), image)
        assert gradient.shape == image.shape


@pytest.mark.parametrize("network", list(NETWORKS))
def test_what_is_loaded_is_frozen_and_names_itself(
    network: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    weights = weights_of(network, tmp_path, request)
    net = load_features(network, weights=weights, rescale=False)
    assert not any(parameter.requires_grad for parameter in net.parameters())
    assert not any(buffer.requires_grad for buffer in net.buffers())
    assert net.network.startswith(network)
    assert set(net.default_layers) <= set(net.layers)
    assert net.strides.keys() == set(net.layers)
    assert isinstance(net, Rescalable) == NETWORKS[network].rescalable
    with pytest.raises(UnknownNameError, match=net.layers[0]):
        net(torch.rand(1, 3, 8, 8), [net.layers[0] + "x"], ("zero", "zero"))
