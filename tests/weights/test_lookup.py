from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lichen.errors import UnknownNameError, WeightsError
from lichen.networks.squeezenet import SqueezeNet
from lichen.weights import fetch as fetching
from lichen.weights import lookup
from lichen.weights.catalogue import row_named
from lichen.weights.lookup import find_weights
from lichen.weights.places import weights_cache


def squeezenet_file(path: Path, layout: str = "layers", fill: float = 0.0) -> Path:
    tensors = {name: torch.full(shape, fill) for name, shape in SqueezeNet.shapes().items()}
    if layout == "torchvision":
        theirs = {ours: name for name, ours in SqueezeNet.torchvision_names().items()}
        tensors = {theirs[name]: tensor for name, tensor in tensors.items()}
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.suffix == ".pth":
        torch.save(tensors, path)
    else:
        save_file(tensors, path)
    return path


CAFFE = "squeezenet1_1-caffe.safetensors"


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*args: object, **kwargs: object) -> Path:
        raise AssertionError("a test reached for the network")

    monkeypatch.setattr(fetching, "fetch", refuse)


def test_the_order_is_path_own_folder_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = squeezenet_file(tmp_path / "given" / "anything.safetensors")
    own = squeezenet_file(tmp_path / "own" / CAFFE)
    cached = squeezenet_file(weights_cache() / CAFFE)
    monkeypatch.setenv("LICHEN_WEIGHTS", str(own.parent))
    assert find_weights("squeezenet1_1", given).path == given
    assert find_weights("squeezenet1_1").path == own
    monkeypatch.delenv("LICHEN_WEIGHTS")
    assert find_weights("squeezenet1_1").path == cached


def test_the_package_comes_after_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = {"conv1_1.weight": torch.zeros(4, 3, 3, 3), "conv1_1.bias": torch.zeros(4)}
    monkeypatch.setattr(lookup, "EMBEDDED", tmp_path)
    save_file(stack, tmp_path / "encoder.safetensors")
    assert find_weights("encoder").path == tmp_path / "encoder.safetensors"
    weights_cache().mkdir(parents=True)
    save_file(stack, weights_cache() / "encoder.safetensors")
    assert find_weights("encoder").path.parent == weights_cache()


def test_own_weights_may_be_one_file_and_only_serve_their_network(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = squeezenet_file(tmp_path / "mine.safetensors")
    monkeypatch.setenv("LICHEN_WEIGHTS", str(file))
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    assert find_weights("squeezenet1_1").path == file
    with pytest.raises(WeightsError, match="vgg19 are not on this machine"):
        find_weights("vgg19")


def test_own_weights_that_do_not_exist_are_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHEN_WEIGHTS", "/no/such/folder")
    with pytest.raises(WeightsError, match="LICHEN_WEIGHTS"):
        find_weights("vgg19")


@pytest.mark.parametrize(
    ("layout", "suffix", "row"),
    [
        ("layers", ".safetensors", "squeezenet1_1-caffe"),
        ("layers", ".pth", "squeezenet1_1-caffe"),
        ("torchvision", ".safetensors", "squeezenet1_1-torchvision"),
        ("torchvision", ".pth", "squeezenet1_1-torchvision"),
    ],
)
def test_a_file_of_any_name_is_known_by_its_tensors(
    tmp_path: Path, layout: str, suffix: str, row: str
) -> None:
    file = squeezenet_file(tmp_path / f"x{suffix}", layout)
    assert find_weights("squeezenet1_1", file).row.name == row


def test_naming_the_row_decides_how_a_nameless_file_is_read(tmp_path: Path) -> None:
    file = squeezenet_file(tmp_path / "x.safetensors", "torchvision")
    found = find_weights("squeezenet1_1-caffe", file)
    assert found.row.normalization == row_named("squeezenet1_1-caffe").normalization


def test_a_path_may_be_a_folder(tmp_path: Path) -> None:
    file = squeezenet_file(tmp_path / CAFFE)
    assert find_weights("squeezenet1_1", tmp_path).path == file
    with pytest.raises(WeightsError, match=r"vgg19-caffe\.safetensors"):
        find_weights("vgg19", tmp_path)


def test_a_file_of_another_network_is_refused(tmp_path: Path) -> None:
    file = squeezenet_file(tmp_path / "x.safetensors")
    with pytest.raises(WeightsError, match="does not hold the weights of vgg19"):
        find_weights("vgg19", file)


def test_a_published_name_with_another_checksum_is_damage(tmp_path: Path) -> None:
    file = squeezenet_file(tmp_path / "squeezenet1_1-b8a52dc0.pth", "torchvision")
    with pytest.raises(WeightsError, match=r"is damaged: its SHA-256.*weights fetch squeezenet"):
        find_weights("squeezenet1_1", file)


@pytest.mark.parametrize("switch", ["argument", "environment"])
def test_absent_and_offline_says_what_to_get_and_where_to_put_it(
    switch: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if switch == "environment":
        monkeypatch.setenv("LICHEN_OFFLINE", "1")
    with pytest.raises(WeightsError) as caught:
        find_weights("vgg19", download=switch == "environment")
    line = str(caught.value)
    source = row_named("vgg19").sources[0]
    for fact in (source.url, source.sha256, str(weights_cache()), "$LICHEN_WEIGHTS"):
        assert fact in line


def test_absent_and_online_is_downloaded_into_the_cache(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[object] = []

    def deliver(name: str, sources: object, folder: Path, progress: object) -> Path:
        asked.append((name, folder, progress))
        return squeezenet_file(folder / "squeezenet1_1-torchvision.safetensors", "torchvision")

    def progress(name: str, done: int, total: int | None) -> None: ...

    monkeypatch.setattr(fetching, "fetch", deliver)
    found = find_weights("squeezenet1_1", progress=progress)
    assert asked == [("squeezenet1_1-torchvision", weights_cache(), progress)]
    assert found.path.parent == weights_cache()


def test_an_unknown_name_answers_with_the_nearest() -> None:
    with pytest.raises(UnknownNameError, match="squeezenet1_1"):
        find_weights("squeezenet1.1-caffe")
    with pytest.raises(WeightsError, match="no weight file"):
        find_weights("vgg19", Path("/no/such/file.pth"))


def test_the_label_names_row_and_checksum(tmp_path: Path) -> None:
    import hashlib

    file = squeezenet_file(tmp_path / CAFFE)
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert find_weights("squeezenet1_1", file).label == f"squeezenet1_1-caffe sha256:{digest[:12]}"
    squeezenet_file(file, fill=1.0)  # the same name and size, other bytes
    assert digest[:12] not in find_weights("squeezenet1_1", file).label


def test_what_a_file_says_of_itself_beats_its_tensors(tmp_path: Path) -> None:
    file = tmp_path / "mine.safetensors"
    stack = {"conv1_1.weight": torch.zeros(4, 3, 3, 3), "conv1_1.bias": torch.zeros(4)}
    for metadata, network, other in (
        ({"architecture": "lichen-encoder"}, "encoder", "autoencoder"),
        ({"network": "lichen.networks.autoencoder:Autoencoder"}, "autoencoder", "encoder"),
    ):
        save_file(stack, file, metadata=metadata)
        assert find_weights(network, file).row.network == network
        with pytest.raises(WeightsError, match=f"does not hold the weights of {other}"):
            find_weights(other, file)
