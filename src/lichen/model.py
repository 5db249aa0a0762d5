"""The result of training: weights, and everything needed to use them.

A model is one safetensors file whose metadata names its method, the parameters and the data that it
was trained with. Nothing in it is ever run, and it needs no other registration.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Self

from lichen.atomic import atomic_path
from lichen.errors import ModelError
from lichen.image.maps import File, MapFormat

Tensor = Any
"""torch's, which is imported only when weights are read, not for metadata."""

SUFFIX = ".safetensors"
VERSION = "1"
"""Of the metadata; other versions are rejected."""

_OWN = ("lichen_model", "method", "parameters", "network", "networks", "trained_on", "software")


def is_model_file(source: object) -> bool:
    """Return whether this is the path of a model rather than of a picture, by its suffix."""
    return isinstance(source, str | Path) and Path(source).suffix.lower() == SUFFIX


@dataclass(frozen=True)
class TrainedOn:
    """The data that a model was trained on: one picture, or one folder of pictures.

    Attributes
    ----------
    name
        Of the file or folder, without its path.
    sha256
        Of the picture, or of the checksums of all pictures in the order of their names.
    pictures
        Number of pictures that were used.
    """

    name: str
    sha256: str
    pictures: int = 1


@dataclass(frozen=True, eq=False, kw_only=True)
class ModelRecord:
    """The metadata of a model's file; reading it does not import torch.

    Attributes
    ----------
    method
        Registered name of the method, or of a network that makes no pictures itself.
    parameters
        All parameters that it was trained with.
    networks
        ``module:Class`` of each network in the file, by name.
    trained_on
        Its data; empty if they are generated.
    software
        Versions of the software that the weights depend on.
    maps
        Maps that its pictures have.
    about
        Further fields, as text: a licence, the normalization of the input.
    file
        The file that it was read from; None for a model in memory.
    """

    method: str
    parameters: Mapping[str, Any]
    networks: Mapping[str, str] = field(default_factory=dict)
    trained_on: tuple[TrainedOn, ...] = ()
    software: Mapping[str, str] = field(default_factory=dict)
    maps: tuple[MapFormat, ...] = (MapFormat(),)
    about: Mapping[str, str] = field(default_factory=dict)
    file: File | None = None

    @classmethod
    def read(cls, path: str | Path) -> ModelRecord:
        """Read the metadata of a model's file.

        Raises
        ------
        ModelError
            When the file is missing, damaged, or not a model.
        """
        with _opened(Path(path), "np") as file:
            return ModelRecord(**_fields(Path(path), dict(file.metadata() or {})))

    @property
    def name(self) -> str:
        """Name of the file without its suffix, or of the method."""
        if self.file is None or self.file.path is None:
            return self.method
        return Path(self.file.path).stem

    def metadata(self) -> dict[str, str]:
        """Return the text fields of the file."""
        found = {
            **self.about,
            "lichen_model": VERSION,
            "method": self.method,
            "parameters": _dump(self.parameters),
            "networks": _dump(self.networks),
            "trained_on": _dump([asdict(one) for one in self.trained_on]),
            "software": _dump(self.software),
            "maps": _dump([asdict(one) for one in self.maps]),
        }
        if len(self.networks) == 1:  # from which the reader of networks finds the class
            found["network"] = next(iter(self.networks.values()))
        return found


@dataclass(frozen=True, eq=False, kw_only=True)
class Model(ModelRecord):
    """A trained method's weights, with their record.

    Attributes
    ----------
    weights
        Tensors by name, on the CPU. Those of a single network have the names of its state dict;
        those of several are prefixed with the network's name and a dot.
    """

    weights: Mapping[str, Tensor] = field(repr=False)

    @classmethod
    def read(cls, path: str | Path) -> Self:
        """Read a model, with its weights as float32.

        Raises
        ------
        ModelError
            When the file is missing, damaged, or not a model. No code in a file is ever run.
        """
        path = Path(path)
        with _opened(path, "np") as file:  # reports what is wrong before torch is imported
            fields = _fields(path, dict(file.metadata() or {}))
        with _opened(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118
        for name, tensor in weights.items():
            if tensor.is_floating_point():
                weights[name] = tensor.float()
            if not bool(weights[name].isfinite().all()):
                raise _damaged(path, f"{name} is not finite")
        with path.open("rb") as data:
            sha256 = hashlib.file_digest(data, "sha256").hexdigest()
        return cls(**{**fields, "file": File(sha256, path.as_posix())}, weights=weights)

    def save(self, path: str | Path, precision: Literal["float16", "float32"] = "float32") -> Path:
        """Write the file, whole or not at all; the same model gives the same bytes.

        Parameters
        ----------
        path
            The file; its suffix must be ``.safetensors``.
        precision
            Of the weights in the file.
        """
        path = Path(path)
        if not is_model_file(path):
            raise ModelError(f"{path} does not name a model", f"use a name that ends in {SUFFIX}")
        with atomic_path(path) as temporary:
            temporary.write_bytes(self._serialized(precision))
        return path

    def of_network(self, name: str) -> dict[str, Tensor]:
        """Return the weights of one network under the names of its state dict.

        Raises
        ------
        ModelError
            When the model has no network of that name.
        """
        if name not in self.networks:
            raise ModelError(f"{self.name} has no network {name!r}", "train it again")
        if len(self.networks) == 1:
            return dict(self.weights)
        start = f"{name}."
        return {n.removeprefix(start): t for n, t in self.weights.items() if n.startswith(start)}

    def recorded(self) -> File:
        """Return the file that it was read from, or else its checksum alone."""
        return self.file or File(self._sha256)

    @property
    def label(self) -> str:
        """Method and checksum for provenance: ``autoencoder model sha256:ab12cd34ef56``."""
        return f"{self.method} model sha256:{self.recorded().sha256[:12]}"

    @cached_property
    def _sha256(self) -> str:
        return hashlib.sha256(self._serialized("float32")).hexdigest()

    def _serialized(self, precision: str) -> bytes:
        """Return the bytes of the file, with a sorted header, which safetensors does not write."""
        from safetensors.torch import save

        stored = {name: tensor.detach().cpu().contiguous() for name, tensor in self.weights.items()}
        for name, tensor in stored.items():
            if tensor.is_floating_point():
                stored[name] = tensor.half() if precision == "float16" else tensor.float()
        raw = save(stored, self.metadata())
        length = int.from_bytes(raw[:8], "little")
        header = _dump(json.loads(raw[8 : 8 + length])).encode()
        header += b" " * (-len(header) % 8)
        return len(header).to_bytes(8, "little") + header + raw[8 + length :]


def with_networks(record: ModelRecord, networks: Mapping[str, Any]) -> Model:
    """Return the model of a record and of its trained networks (``torch.nn.Module``), by name."""
    weights: dict[str, Tensor] = {}
    for name, network in networks.items():
        start = "" if len(networks) == 1 else f"{name}."
        for key, tensor in network.state_dict().items():
            weights[start + key] = tensor.detach().cpu().clone()
    classes = {name: f"{type(n).__module__}:{type(n).__qualname__}" for name, n in networks.items()}
    values = {name: getattr(record, name) for name in record.__dataclass_fields__}
    return Model(**{**values, "networks": classes}, weights=weights)


def _fields(path: Path, metadata: dict[str, str]) -> dict[str, Any]:
    if "method" not in metadata or "lichen_model" not in metadata:
        raise ModelError(
            f"{path} is not a model: its metadata names no method",
            "train one with lichen train METHOD DATA; pass weights of a network as the parameter "
            "`weights` of a method that has it",
        )
    if metadata["lichen_model"] != VERSION:
        raise ModelError(
            f"{path} is a model of another version of lichen", "train it again with this version"
        )
    try:
        return {
            "method": metadata["method"],
            "parameters": dict(json.loads(metadata["parameters"])),
            "networks": dict(json.loads(metadata["networks"])),
            "trained_on": tuple(TrainedOn(**one) for one in json.loads(metadata["trained_on"])),
            "software": dict(json.loads(metadata["software"])),
            "maps": tuple(MapFormat(**one) for one in json.loads(metadata["maps"])),
            "about": {k: v for k, v in metadata.items() if k not in (*_OWN, "maps")},
            "file": File("", path.as_posix()),
        }
    except (ValueError, KeyError, TypeError) as error:
        raise _damaged(path, f"its metadata cannot be read ({error})") from None


def _opened(path: Path, framework: str) -> Any:
    from safetensors import SafetensorError, safe_open

    try:
        return safe_open(path, framework=framework)
    except FileNotFoundError:
        raise ModelError(
            f"there is no model {path}", "name a file that lichen train wrote"
        ) from None
    except (SafetensorError, OSError) as error:
        raise _damaged(path, str(error)) from None


def _damaged(path: Path, reason: str) -> ModelError:
    return ModelError(f"{path} is damaged or not a safetensors file: {reason}", "train it again")


def _dump(value: Any) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"))
