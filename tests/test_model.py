"""Models: one file that says all, read without torch where the weights are not asked for."""

from __future__ import annotations

import json
import pickle
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from lichen.errors import ModelError
from lichen.model import Model, ModelRecord, TrainedOn, is_model_file, with_networks

RECORD = ModelRecord(
    method="moss",
    parameters={"widths": [3, 4], "rate": 0.1, "name": "ü"},
    trained_on=(TrainedOn("photos", "ab" * 32, 7),),
    software={"torch": "2"},
    about={"licence": "CC0"},
)


def two_networks() -> Model:
    torch.manual_seed(0)
    return with_networks(RECORD, {"generator": nn.Linear(2, 3), "judge": nn.Conv2d(1, 2, 3)})


def test_what_is_saved_is_read(tmp_path: Path) -> None:
    model = two_networks()
    path = model.save(tmp_path / "m.safetensors")
    found = Model.read(path)
    assert found.metadata() == model.metadata()
    assert found.parameters == RECORD.parameters
    assert found.trained_on == RECORD.trained_on
    assert found.about == {"licence": "CC0"}
    assert found.networks["generator"] == "torch.nn.modules.linear:Linear"
    assert found.weights.keys() == model.weights.keys()
    assert all(torch.equal(found.weights[n], model.weights[n]) for n in model.weights)
    assert set(found.of_network("judge")) == {"weight", "bias"}
    assert found.of_network("judge")["weight"].shape == (2, 1, 3, 3)
    with pytest.raises(ModelError, match="no network 'other'"):
        found.of_network("other")
    assert found.name == "m"
    assert found.label == f"moss model sha256:{found.recorded().sha256[:12]}"
    # in memory it has the checksum of the file that it would be
    assert model.recorded().sha256 == found.recorded().sha256


def test_one_network_keeps_the_names_of_its_state_dict() -> None:
    model = with_networks(RECORD, {"only": nn.Linear(2, 3)})
    assert set(model.weights) == set(model.of_network("only")) == {"weight", "bias"}
    assert model.metadata()["network"] == "torch.nn.modules.linear:Linear"


def test_the_same_model_is_the_same_bytes_and_half_precision_is_half_the_size(
    tmp_path: Path,
) -> None:
    one = two_networks().save(tmp_path / "a.safetensors").read_bytes()
    assert one == two_networks().save(tmp_path / "b.safetensors").read_bytes()
    wide = with_networks(RECORD, {"only": nn.Linear(100, 100)})
    sizes = [
        len(wide.save(tmp_path / "c.safetensors", precision).read_bytes())
        for precision in ("float16", "float32")
    ]
    assert sizes[1] - sizes[0] == 2 * 10100
    halves = Model.read(wide.save(tmp_path / "c.safetensors", "float16")).weights["weight"]
    assert halves.dtype == torch.float32
    torch.testing.assert_close(halves, wide.weights["weight"], rtol=1e-3, atol=1e-4)


def test_metadata_are_read_without_torch(tmp_path: Path) -> None:
    path = two_networks().save(tmp_path / "m.safetensors")
    program = (
        "import sys; from lichen.model import ModelRecord; "
        f"print(ModelRecord.read({str(path)!r}).method, 'torch' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.split() == ["moss", "False"], done.stderr


class Evil:
    """Runs code when unpickled."""

    def __reduce__(self):  # type: ignore[no-untyped-def]
        return (Path.touch, (Path("was_run"),))


def test_damaged_and_foreign_files_are_one_line_and_run_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    good = two_networks().save("good.safetensors").read_bytes()
    length = int.from_bytes(good[:8], "little")
    header = json.loads(good[8 : 8 + length])
    nan = torch.full((2,), torch.nan)

    def with_metadata(**changes: str) -> bytes:
        metadata = {**header["__metadata__"], **changes}
        changed = json.dumps({**header, "__metadata__": metadata}).encode()
        return len(changed).to_bytes(8, "little") + changed + good[8 + length :]

    files = {
        "absent": (None, "there is no model"),
        "empty": (b"", "damaged or not a safetensors"),
        "short": (good[:-7], "damaged or not a safetensors"),
        "pickled": (pickle.dumps(Evil()), "damaged or not a safetensors"),
        "foreign": (b"\x89PNG\r\n\x1a\n" + bytes(200), "damaged or not a safetensors"),
        "version": (with_metadata(lichen_model="9"), "another version"),
        "parameters": (with_metadata(parameters="{"), "metadata cannot be read"),
        "data": (with_metadata(trained_on='[{"x": 1}]'), "metadata cannot be read"),
        "nan": (
            Model(method="m", parameters={}, weights={"w": nan})._serialized("float32"),
            "w is not finite",
        ),
    }
    for name, (data, problem) in files.items():
        path = Path(f"{name}.safetensors")
        if data is not None:
            path.write_bytes(data)
        with pytest.raises(ModelError, match=problem) as error:
            Model.read(path)
        assert len(str(error.value).splitlines()) == 1
    assert not Path("was_run").exists()


def test_weights_of_a_network_are_no_model(tmp_path: Path) -> None:
    from lichen.weights.folders import EMBEDDED

    with pytest.raises(ModelError, match="names no method"):
        Model.read(EMBEDDED / "encoder.safetensors")


def test_a_model_is_told_by_its_suffix(tmp_path: Path) -> None:
    assert is_model_file("a/b.safetensors")
    assert is_model_file(Path("b.SAFETENSORS"))
    assert not is_model_file("a.png")
    assert not is_model_file(torch.zeros(3).numpy())
    with pytest.raises(ModelError, match=r"use a name that ends in \.safetensors"):
        two_networks().save(tmp_path / "a.png")
    assert not list(tmp_path.iterdir())
