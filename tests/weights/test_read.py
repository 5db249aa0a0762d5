from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from lichen.errors import WeightsError
from lichen.networks.squeezenet import SqueezeNet
from lichen.networks.vgg import VGG19
from lichen.weights.catalogue import row_named
from lichen.weights.checksum import sha256_of
from lichen.weights.lookup import WeightsFile
from lichen.weights.read import read_metadata, read_tensors


def as_file(path: Path, row: str = "squeezenet1_1-torchvision") -> WeightsFile:
    return WeightsFile(row_named(row), path, sha256_of(path))


def theirs() -> dict[str, torch.Tensor]:
    """A SqueezeNet's state dict as torchvision's, each tensor filled with its position."""
    names = SqueezeNet.torchvision_names()
    shapes = SqueezeNet.shapes()
    return {
        name: torch.full(shapes[ours], float(i)) for i, (name, ours) in enumerate(names.items())
    }


def test_vgg19_has_the_numbers_of_its_paper() -> None:
    shapes = VGG19.shapes()
    weights = [shape for name, shape in shapes.items() if name.endswith("weight")]
    assert len(weights) == 16
    # Table 2 of Simonyan and Zisserman: 144 million with the three dense layers.
    dense = 4096 * (512 * 7 * 7 + 1) + 4096 * 4097 + 1000 * 4097
    assert sum(torch.Size(s).numel() for s in shapes.values()) + dense == 143_667_240


def test_squeezenet_has_the_numbers_of_torchvision() -> None:
    classifier = 512 * 1000 + 1000
    count = sum(torch.Size(s).numel() for s in SqueezeNet.shapes().values())
    assert count + classifier == 1_235_496


def test_torchvision_positions_count_convolution_relu_pool() -> None:
    # cfg E of torchvision: 'M' takes one place, a convolution and its ReLU take two.
    config = [64, 64, "M", 128, 128, "M", *[256] * 4, "M", *[512] * 4, "M", *[512] * 4, "M"]
    positions, position = [], 0
    for entry in config:
        if entry != "M":
            positions.append(position)
        position += 1 if entry == "M" else 2
    found = [n for n in VGG19.torchvision_names() if n.endswith("weight")]
    assert found == [f"features.{p}.weight" for p in positions]


@pytest.mark.parametrize("form", ["zip", "legacy", "safetensors"])
def test_torchvision_files_come_under_our_names_without_classifier(
    tmp_path: Path, form: str
) -> None:
    state = theirs() | {"classifier.1.weight": torch.zeros(7)}
    path = tmp_path / f"x.{form}"
    if form == "safetensors":
        save_file(state, path)
    else:
        torch.save(state, path, _use_new_zipfile_serialization=form == "zip")
    tensors = read_tensors(as_file(path))
    assert tensors.keys() == SqueezeNet.shapes().keys()
    for name, ours in SqueezeNet.torchvision_names().items():
        assert torch.equal(tensors[ours], state[name])


def test_half_precision_is_read_as_float32_with_its_metadata(tmp_path: Path) -> None:
    path = tmp_path / "encoder.safetensors"
    stack = {"conv1_1.weight": torch.rand(4, 3, 3, 3).half(), "conv1_1.bias": torch.rand(4).half()}
    save_file({**stack, "head.weight": torch.zeros(2)}, path, metadata={"input": "RGB"})
    tensors = read_tensors(as_file(path, "encoder"))
    assert tensors.keys() == stack.keys()
    assert all(tensor.dtype == torch.float32 for tensor in tensors.values())
    assert read_metadata(path) == {"input": "RGB"}


class _Shell:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(self.folder),)  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["torch", "pickle"])
def test_code_in_a_file_is_never_run(tmp_path: Path, form: str) -> None:
    bomb = _Shell()
    bomb.folder = tmp_path / "made-by-the-file"  # type: ignore[attr-defined]
    path = tmp_path / "x.pth"
    if form == "torch":
        torch.save({"features.0.weight": bomb}, path)
    else:
        path.write_bytes(pickle.dumps(bomb))
    with pytest.raises(WeightsError):
        read_tensors(as_file(path))
    assert not bomb.folder.exists()  # type: ignore[attr-defined]


@pytest.mark.parametrize("form", ["zip", "safetensors"])
@pytest.mark.parametrize("kept", [0, 5, 9, 100, 5000, 0.5, 0.999])
def test_a_truncated_file_is_one_clear_line(tmp_path: Path, form: str, kept: float) -> None:
    path = tmp_path / "x"
    if form == "zip":
        torch.save(theirs(), path)
    else:
        save_file(theirs(), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: kept if isinstance(kept, int) else int(len(whole) * kept)])
    with pytest.raises(WeightsError) as caught:
        read_tensors(as_file(path))
    assert str(path) in str(caught.value)
    assert "fetch it again" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_tensor_that_lacks_or_has_another_shape_or_is_not_finite(tmp_path: Path) -> None:
    state = theirs()
    cases = {
        "no tensor conv1.weight": {k: v for k, v in state.items() if k != "features.0.weight"},
        "of shape": {**state, "features.0.weight": torch.zeros(64, 3, 5, 5)},
        "not finite": {**state, "features.0.weight": torch.full((64, 3, 3, 3), torch.nan)},
    }
    for message, tensors in cases.items():
        path = tmp_path / f"{message}.pth"
        torch.save(tensors, path)
        with pytest.raises(WeightsError, match=message):
            read_tensors(as_file(path))


def test_a_whole_model_or_a_list_is_not_a_state_dict(tmp_path: Path) -> None:
    for i, content in enumerate(([torch.zeros(3)], {"state_dict": {"x": 1}})):
        path = tmp_path / f"{i}.pth"
        torch.save(content, path)
        with pytest.raises(WeightsError, match="state dict"):
            read_tensors(as_file(path))
