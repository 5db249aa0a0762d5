"""Weight files: their tensors under the network's names, and the network itself.

No code in a file is ever run, and a file may name no class but a network of
:mod:`lichen.networks`, which is imported when a file asks for it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Mapping
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lichen.errors import WeightsError
from lichen.weights.catalogue import ROWS, InputNormalization, WeightsFile
from lichen.weights.stored import StoredNetwork, name_of

if TYPE_CHECKING:
    from torch import Tensor


_REMEDY = "delete it and fetch it again (lichen weights fetch)"


_NETWORK = re.compile(r"lichen\.networks(\.[A-Za-z0-9_]+)+:[A-Za-z0-9_]+")


def read_tensors(file: WeightsFile) -> dict[str, Tensor]:
    """Read the tensors of a network as float32.

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
    return _tensors_of(network_class(file.row.architecture), file.path, file.row.network)


def read_network(path: Path, network: type[StoredNetwork] | None = None) -> StoredNetwork:
    """Make the network whose weights a file holds, as its metadata says, with float32 tensors.

    Parameters
    ----------
    path
        A safetensors file whose metadata field ``network`` is ``module:Class``
        (:func:`lichen.weights.stored.describe`), or an older one of an encoder or autoencoder.
    network
        The class that the file has to name. With it the class may be of any module; without it
        only one of :mod:`lichen.networks`, since a file may not decide what is imported.

    Returns
    -------
    StoredNetwork
        A ``torch.nn.Module``.

    Raises
    ------
    WeightsError
        When the file is damaged, names no network, or its tensors are not that network's.
    """
    metadata = read_metadata(path)
    named = named_network(metadata)
    if named is None:
        raise WeightsError(
            f"{path} does not say which network it holds",
            "its metadata needs a field named network: see lichen.weights.stored",
        )
    if network is None:
        network = network_class(named)
    elif named != name_of(network):
        raise WeightsError(f"{path} holds a {named}", f"use a file of a {name_of(network)}")
    tensors = _tensors_of(network, path, named)
    try:
        return network.from_tensors(tensors, metadata)
    except WeightsError as error:
        raise WeightsError(f"{path}: {error.problem}", error.remedy) from error
    except Exception as error:  # parameters and tensors out of a file can be wrong in any way
        reason = str(error).strip().splitlines()[:1] or [type(error).__name__]
        raise WeightsError(f"{path} is not a {named}: {reason[0]}") from error


def named_network(metadata: Mapping[str, str]) -> str | None:
    """Return the ``module:Class`` that a file's metadata names; None when it names none."""
    if "network" in metadata:
        return metadata["network"]
    former = metadata.get("architecture")
    if former is None:
        return None
    for row in ROWS:
        if row.normalization is None and network_class(row.architecture).former_name == former:
            return row.architecture
    return None


def network_class(name: str) -> type[StoredNetwork]:
    """Import the class of a network, ``module:Class`` in :mod:`lichen.networks`.

    Raises
    ------
    WeightsError
        When there is no such class, or it is not a network.
    """
    found = None
    if _NETWORK.fullmatch(name):
        module, _, attribute = name.partition(":")
        try:
            found = getattr(import_module(module), attribute, None)
        except ImportError:
            found = None
    if not (isinstance(found, type) and issubclass(found, StoredNetwork)):
        raise WeightsError(
            f"no network is named {name!r}", "a file may name a class of lichen.networks"
        )
    return found


def _tensors_of(network: type[StoredNetwork], path: Path, name: str) -> dict[str, Tensor]:
    names = network.own_names(tensor_names(path))
    tensors = {names[n]: tensor.float() for n, tensor in _load(path, names).items()}
    mismatch = network.mismatch({n: tuple(tensor.shape) for n, tensor in tensors.items()})
    if mismatch:
        raise WeightsError(f"{path} is not {name}: it {mismatch}", _REMEDY)
    for n, tensor in tensors.items():
        if not bool(tensor.isfinite().all()):
            raise WeightsError(f"{path} is damaged: {n} is not finite", _REMEDY)
    return tensors


def read_metadata(path: Path) -> dict[str, str]:
    """Read the text fields of a safetensors file; empty for a file that has none."""
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


def normalization_of(file: WeightsFile) -> InputNormalization:
    """Return how a network expects its pixels, as its row or else the file says.

    Raises
    ------
    WeightsError
        When neither does.
    """
    if file.row.normalization is not None:
        return file.row.normalization
    try:
        return InputNormalization.from_metadata(read_metadata(file.path))
    except WeightsError as error:
        raise WeightsError(
            f"{file.path} cannot be used: {error.problem}",
            f"train one with: {file.row.training}",
        ) from error
