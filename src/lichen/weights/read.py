"""Tensors out of a weight file, under Lichen's names; no code in a file is ever run."""

from __future__ import annotations

import zipfile
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lichen.errors import WeightsError
from lichen.weights.architecture import torchvision_names, wrong_shape

if TYPE_CHECKING:
    from torch import Tensor

    from lichen.weights.lookup import WeightsFile

_REMEDY = "delete it and fetch it again (lichen weights fetch)"


def read_tensors(file: WeightsFile) -> dict[str, Tensor]:
    """Read the convolutions of a network as float32.

    Parameters
    ----------
    file
        As found by :func:`lichen.weights.lookup.find_weights`.

    Returns
    -------
    dict[str, Tensor]
        ``conv1_1.weight``, ``conv1_1.bias``, ... for VGG-19 and the encoder; ``conv1.weight``,
        ``fire2.squeeze1x1.weight``, ... for SqueezeNet. Whatever else the file holds (a
        classifier) is left out.

    Raises
    ------
    WeightsError
        When the file is damaged or is not this network.
    """
    network = file.row.network
    names = torchvision_names(network)
    wanted = {*names, *names.values()}
    keep = (lambda name: name in wanted) if wanted else (lambda name: name.startswith("conv"))
    present = tensor_names(file.path)
    found = _load(file.path, [name for name in present if keep(name)])
    tensors = {names.get(name, name): tensor.float() for name, tensor in found.items()}
    wrong = wrong_shape(network, {name: tuple(t.shape) for name, t in tensors.items()})
    if wrong:
        raise WeightsError(f"{file.path} is not {network}: it {wrong}", _REMEDY)
    for name, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise WeightsError(f"{file.path} is damaged: {name} is not finite", _REMEDY)
    return tensors


def read_metadata(path: Path) -> dict[str, str]:
    """Read the text fields of a safetensors file; empty for a file without any."""
    if not is_safetensors(path):
        return {}
    with _open_safetensors(path) as file:
        return dict(file.metadata() or {})


def tensor_names(path: Path) -> tuple[str, ...]:
    """Names of all tensors in a file.

    Raises
    ------
    WeightsError
        When the file is damaged or of neither format.
    """
    if is_safetensors(path):
        with _open_safetensors(path) as file:
            return tuple(file.keys())
    return tuple(_load_pickled(path))


def is_safetensors(path: Path) -> bool:
    """Whether a file is in the safetensors format, judged by its first bytes."""
    try:
        with path.open("rb") as file:
            head = file.read(9)
    except OSError as error:
        raise WeightsError(f"cannot read {path}: {error.strerror or error}") from error
    return len(head) == 9 and head[8:] == b"{"


def _load(path: Path, names: Iterable[str]) -> dict[str, Tensor]:
    if not is_safetensors(path):
        everything = _load_pickled(path)
        return {name: everything[name] for name in names}
    with _open_safetensors(path) as file:
        return {name: file.get_tensor(name) for name in names}


def _open_safetensors(path: Path) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(path, framework="pt")
    except (SafetensorError, OSError) as error:
        raise WeightsError(f"{path} is damaged: {error}", _REMEDY) from error


def _load_pickled(path: Path) -> dict[str, Tensor]:
    import torch

    try:
        # Files from before PyTorch 1.6 are no zip archives and cannot be memory-mapped.
        found = torch.load(
            path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path)
        )
    except Exception as error:  # a broken pickle raises nearly anything; none of it may run
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise WeightsError(
            f"{path} is neither safetensors nor a readable PyTorch file: {reason[0]}", _REMEDY
        ) from error
    if not isinstance(found, dict) or not all(isinstance(v, torch.Tensor) for v in found.values()):
        raise WeightsError(
            f"{path} is not a state dict: it must hold nothing but named tensors",
            "save model.state_dict() with torch.save or safetensors",
        )
    return {str(name): tensor for name, tensor in found.items()}
