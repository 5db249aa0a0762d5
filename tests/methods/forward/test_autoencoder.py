"""The autoencoder: it learns, resumes to the bit, says what it cannot do, and is used."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors import safe_open
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter

import lichen
from lichen.errors import LichenError
from lichen.faces.cli.main import main
from lichen.faces.training import TrainingInterruptedError, finish
from lichen.features.load import load_features
from lichen.image import read_image, write_image
from lichen.method import Context
from lichen.methods.forward.autoencoder import ConvolutionalAutoencoder, reconstruction_error
from lichen.model import Model
from lichen.networks.autoencoder import Autoencoder
from lichen.run.training import Training
from lichen.training.data.folder import PictureSet
from lichen.training.step import TrainStep
from lichen.weights.read import read_network

TINY = ConvolutionalAutoencoder(patch=16, steps=8, batch=3, widths=(4, 6), learning_rate=0.01)


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Return a folder of four photographs of clouds, one of them grey, and a file that is none."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    for number in range(4):
        clouds = gaussian_filter(rng.normal(size=(40, 48, 3 if number else 1)), (1.5, 1.5, 0))
        picture = np.clip(0.5 + clouds, 0, 1).astype(np.float32)
        write_image(place / ("more" if number == 3 else ".") / f"{number}.png", picture)
    (place / "notes.txt").write_text("not a picture")
    return place


def test_it_learns_much_more_than_mean_colours(folder: Path, tmp_path: Path) -> None:
    longer = TINY.model_copy(update={"steps": 300, "widths": (16, 32)})
    steps = list(Training(longer, [folder], tmp_path / "a.safetensors"))
    losses = [step.losses["total"] for step in steps if step.stage == "training"]
    assert len(losses) == 300
    last = steps[-1]
    assert np.mean(losses[-20:]) < 0.5 * last.losses["mean colour"]
    assert last.losses["held out"] < 0.5 * last.losses["mean colour"]
    assert [step.step for step in steps if "held out" in step.losses] == [100, 200, 300]
    assert last.model is not None
    assert last.model.trained_on[0].pictures == 4
    (note,) = (note for step in steps for note in step.notes)
    assert "notes.txt" in note
    with safe_open(str(tmp_path / "a.safetensors"), "pt") as file:
        about = file.metadata()
    assert about["network"] == "lichen.networks.autoencoder:Autoencoder"
    stored = Model.read(tmp_path / "a.safetensors")
    assert stored.trained_on[0].sha256 == PictureSet.read(folder).trained_on[0].sha256
    assert stored.trained_on[0].name == "photos"
    assert ConvolutionalAutoencoder.configure(**stored.parameters) == longer


def test_what_the_file_decodes_is_what_the_trained_network_does(
    folder: Path, tmp_path: Path
) -> None:
    """decode(encode(x)) of the saved file equals the trained module's."""
    file = tmp_path / "a.safetensors"
    (*_, last) = Training(TINY, [folder], file)
    assert last.model is not None
    trained = Autoencoder(TINY.widths)
    trained.load_state_dict(last.model.of_network("autoencoder"))
    image = torch.rand(1, 3, 21, 34, generator=torch.Generator().manual_seed(3))
    stored = read_network(file)
    assert isinstance(stored, Autoencoder)
    with torch.no_grad():
        expected = trained(image)
        again = stored.decode(stored.encode(image), (21, 34))
    torch.testing.assert_close(again, expected, atol=2e-3, rtol=0)  # float16 weights
    assert float((expected - image).abs().mean()) > 0.01  # it is no identity
    # exactly, in float32, and by the verb
    last.model.save(tmp_path / "b.safetensors", "float32")
    pixels = np.ascontiguousarray(image[0].permute(1, 2, 0).numpy())
    made = lichen.transfer(tmp_path / "b.safetensors", pixels, progress=False)
    wanted = expected.clamp(0, 1)[0].permute(1, 2, 0).numpy()
    np.testing.assert_array_equal(made.image, wanted)
    assert made.provenance.job.method == "autoencoder"
    loaded = TINY.load_networks(Context(model=Model.read(tmp_path / "b.safetensors")))
    assert not any(p.requires_grad for p in loaded["autoencoder"].parameters())


def test_files_from_before_models_still_serve_as_features(tmp_path: Path) -> None:
    from safetensors.torch import save_file

    torch.manual_seed(0)
    network = Autoencoder((4, 6))
    halves = {name: tensor.half() for name, tensor in network.state_dict().items()}
    about = {
        "architecture": "lichen-autoencoder",
        "input": "RGB",
        "mean": "0.5,0.5,0.5",
        "std": "0.25,0.25,0.25",
    }
    save_file(halves, tmp_path / "old.safetensors", about)
    features = load_features("autoencoder", weights=tmp_path / "old.safetensors", rescale=False)
    assert features.default_layers == ("relu1_1", "relu2_1")
    with pytest.raises(LichenError, match="names no method"):
        lichen.transfer(tmp_path / "old.safetensors", np.zeros((16, 16, 3)))


def same_weights(one: Path, other: Path) -> bool:
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_weights_come(
    folder: Path, tmp_path: Path, workers: int
) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    finish(Training(TINY, [folder], whole), progress=False)
    seen: list[int] = []

    def stop(step: TrainStep) -> None:
        if step.stage == "training":
            seen.append(step.step)
            if step.step == 3:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(TrainingInterruptedError) as interrupted:
        finish(Training(TINY, [folder], cut), progress=False, on_step=stop)
    state = tmp_path / "cut.checkpoint.pt"
    assert interrupted.value.checkpoint == state
    assert state.is_file()
    assert not cut.exists()
    again = Training(TINY, [folder], cut, workers=workers)
    assert again.resumed_from == 3
    finish(again, progress=False, on_step=stop)
    assert seen == list(range(1, 9))
    assert same_weights(whole, cut)
    assert whole.read_bytes() == cut.read_bytes()
    assert not state.exists()
    finish(Training(TINY, [folder], cut, seed=1), progress=False)
    assert not same_weights(whole, cut)


def test_a_killed_process_loses_nothing_but_time(folder: Path, tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    words = "--patch 16 --batch 3 --widths 4,6 --steps 4000 --checkpoint-every 2 -q"
    command = [sys.executable, "-m", "lichen", "train", "autoencoder", str(folder), *words.split()]
    process = subprocess.Popen([*command, "-o", str(cut)])
    state = tmp_path / "cut.checkpoint.pt"
    until = time.monotonic() + 60
    while not state.is_file() and time.monotonic() < until:
        time.sleep(0.02)
    process.kill()
    process.wait()
    assert state.is_file()
    assert not cut.exists()
    shorter = TINY.model_copy(update={"steps": 4000, "learning_rate": 1e-3})
    again = Training(shorter, [folder], cut, checkpoint_every=2)
    begun = again.resumed_from
    assert begun >= 2
    n_read = 5
    *_, last = islice(again, n_read + 4)
    *_, expected = islice(Training(shorter, [folder], whole), n_read + begun + 4)
    assert last.step == expected.step == begun + 4
    assert last.losses["total"] == expected.losses["total"]


def test_a_checkpoint_of_something_else_is_refused(folder: Path, tmp_path: Path) -> None:
    output, state = tmp_path / "a.safetensors", tmp_path / "a.checkpoint.pt"
    training = Training(TINY, [folder], output, checkpoint_every=2)
    list(islice(training, 5 + 4))
    assert state.is_file()
    with pytest.raises(LichenError, match="another training: its `seed` is 0"):
        Training(TINY, [folder], output, seed=5)
    with pytest.raises(LichenError, match="another training: its `steps` is 8"):
        Training(TINY.model_copy(update={"steps": 9}), [folder], output)
    (folder / "0.png").unlink()
    with pytest.raises(LichenError, match="other pictures"):
        list(Training(TINY, [folder], output))
    anew = Training(TINY, [folder], output, restart=True)
    assert anew.resumed_from == 0
    assert [step.step for step in islice(anew, 6)][-2:] == [1, 2]
    state.write_bytes(b"nothing")
    with pytest.raises(LichenError, match="not a checkpoint"):
        Training(TINY, [folder], output)


def test_a_training_that_diverges_says_so(folder: Path, tmp_path: Path) -> None:
    wild = TINY.model_copy(update={"learning_rate": 1.0, "gradient_weight": float("inf")})
    with pytest.raises(LichenError, match="smaller `learning_rate`"):
        list(Training(wild, [folder], tmp_path / "a.safetensors"))
    assert not (tmp_path / "a.safetensors").exists()
    assert not (tmp_path / "a.checkpoint.pt").exists()


def test_the_loss_by_hand() -> None:
    wanted = torch.zeros(1, 3, 4, 4)
    made = wanted.clone()
    made[..., 1] = 0.5  # one of four columns: differences of 0.5 on two of three pairs across
    expected = 0.125 + 2 * (0.5 * 2 / 3 + 0) / 2
    assert float(reconstruction_error(made, wanted, 2.0)) == pytest.approx(expected)
    assert float(reconstruction_error(wanted, wanted, 2.0)) == 0


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["absent"], "not a folder"),
        (["empty"], "holds 0 pictures"),
        (["photos"], "holds 0 pictures of at least 512x512 pixels (5 smaller or unreadable)"),
        (["photos", "--patch", "8"], "--patch = '8'"),
        (["photos", "--patch", "16", "-o", "model.png"], "use a name that ends in .safetensors"),
        ([], "takes PICTURES..."),
        (["photos", "--widths", "4,0"], "widths"),
        (["photos", "-o", "nowhere/a.safetensors"], "does not exist"),
    ],
)
def test_what_cannot_be_done_is_one_line(
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    arguments: list[str],
    problem: str,
) -> None:
    (folder.parent / "empty").mkdir()
    monkeypatch.chdir(folder.parent)
    monkeypatch.setattr("sys.argv", ["lichen", "train", "autoencoder", *arguments])
    with pytest.raises(SystemExit) as leave:
        main()
    assert leave.value.code == 2
    lines = [line for line in capsys.readouterr().err.splitlines() if "error" in line]
    assert len(lines) == 1
    assert problem in lines[0]


def test_the_command_trains_resumes_and_says_how_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lichen.faces.cli.main import lichen

    monkeypatch.chdir(folder.parent)
    words = (
        "train autoencoder photos --patch 16 --steps 3 --batch 2 --widths 4,6 -o mine.safetensors "
        "--preview-every 2 --checkpoint-every 1"
    )
    partly = TINY.model_copy(update={"steps": 3, "batch": 2, "learning_rate": 1e-3})
    training = Training(partly, ["photos"], "mine.safetensors", checkpoint_every=1)
    list(islice(training, 5 + 2))
    done = CliRunner().invoke(lichen, words.split(), catch_exceptions=False)
    assert done.exit_code == 0
    assert "continuing from step 2 of mine.checkpoint.pt" in done.stderr
    assert "trained on 4 pictures, total 0." in done.stdout
    assert "held out 0." in done.stdout
    assert "notes.txt" in done.stderr
    assert Path("mine.safetensors").is_file()
    assert not Path("mine.checkpoint.pt").exists()
    assert read_image("mine.preview.png").pixels.shape == (16, 32, 3)
    words = "transfer mine.safetensors photos/1.png -o again.png -q"
    used = CliRunner().invoke(lichen, words.split())
    assert used.exit_code == 0, used.output
    assert read_image("again.png").pixels.shape == (40, 48, 3)
