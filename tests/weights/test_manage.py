from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lichen.errors import UnknownNameError, WeightsError
from lichen.networks.squeezenet import SqueezeNet
from lichen.weights import manage
from lichen.weights.folders import weights_cache
from lichen.weights.lookup import find_weights
from lichen.weights.manage import add_weights, fetch_weights, list_weights, verify_weights


@pytest.fixture
def squeezenet(tmp_path: Path) -> Path:
    path = tmp_path / "downloads" / "squeeze.safetensors"
    path.parent.mkdir()
    save_file({n: torch.ones(s) for n, s in SqueezeNet.shapes().items()}, path)
    return path


def status(name: str) -> manage.WeightsStatus:
    return next(s for s in list_weights() if s.row.name == name)


def test_every_row_is_listed_and_absent_ones_have_the_size_of_their_download() -> None:
    assert {s.row.name for s in list_weights()} >= {"encoder", "vgg19-torchvision", "vgg19-caffe"}
    vgg = status("vgg19-torchvision")
    assert (vgg.location, vgg.path, vgg.size) == (None, None, 574_673_361)


def test_an_added_file_is_found_from_then_on(squeezenet: Path) -> None:
    added = add_weights(squeezenet, "squeezenet1_1")
    assert added.path == weights_cache() / "squeezenet1_1-caffe.safetensors"
    assert added.path.read_bytes() == squeezenet.read_bytes()
    assert find_weights("squeezenet1_1", download=False) == added
    assert status("squeezenet1_1-caffe").location == "cache"
    assert sorted(p.name for p in weights_cache().iterdir()) == [added.path.name]


def test_a_pickled_file_keeps_its_format(tmp_path: Path) -> None:
    names, shapes = SqueezeNet.torchvision_names(), SqueezeNet.shapes()
    torch.save({n: torch.ones(shapes[o]) for n, o in names.items()}, tmp_path / "x.bin")
    added = add_weights(tmp_path / "x.bin", "squeezenet1_1-torchvision")
    assert added.path.name == "squeezenet1_1-torchvision.pth"
    assert verify_weights("squeezenet1_1").checked == "tensors"


def test_own_weights_are_listed_as_such(squeezenet: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LICHEN_WEIGHTS", str(squeezenet))
    found = status("squeezenet1_1-caffe")
    assert (found.location, found.path) == ("$LICHEN_WEIGHTS", squeezenet)
    assert found.size == squeezenet.stat().st_size


@pytest.mark.parametrize(
    ("name", "problem"),
    [("vgg19", "does not hold the weights of vgg19"), ("encoder", "does not hold")],
)
def test_a_file_of_another_network_is_not_added(squeezenet: Path, name: str, problem: str) -> None:
    with pytest.raises(WeightsError, match=problem):
        add_weights(squeezenet, name)
    assert not weights_cache().exists()


def test_a_damaged_file_is_not_added(squeezenet: Path, tmp_path: Path) -> None:
    squeezenet.write_bytes(squeezenet.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="damaged"):
        add_weights(squeezenet, "squeezenet1_1")
    with pytest.raises(WeightsError, match="there is no file"):
        add_weights(tmp_path / "nothing", "squeezenet1_1")
    with pytest.raises(UnknownNameError):
        add_weights(squeezenet, "alexnet")
    assert not weights_cache().exists()


def test_verify_tells_absent_from_damaged(squeezenet: Path) -> None:
    with pytest.raises(WeightsError, match="not on this machine"):
        verify_weights("squeezenet1_1")
    add_weights(squeezenet, "squeezenet1_1")
    assert verify_weights("squeezenet1_1").checked == "tensors"
    cached = weights_cache() / "squeezenet1_1-caffe.safetensors"
    cached.write_bytes(cached.read_bytes()[:-10])
    with pytest.raises(WeightsError, match="damaged"):
        verify_weights("squeezenet1_1")


def test_fetch_goes_to_the_first_row_with_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def deliver(name: str, sources: object, folder: Path, progress: object) -> Path:
        asked.append(name)
        folder.mkdir(parents=True)
        (folder / "x").write_bytes(b"")
        return folder / "x"

    monkeypatch.setattr(manage, "fetch", deliver)
    fetch_weights("squeezenet1_1")
    assert asked == ["squeezenet1_1-torchvision"]


def test_fetch_says_why_not(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(WeightsError, match="no address is known"):
        fetch_weights("squeezenet1_1-caffe")
    monkeypatch.setenv("LICHEN_OFFLINE", "1")
    with pytest.raises(WeightsError, match="LICHEN_OFFLINE"):
        fetch_weights("vgg19-torchvision")
