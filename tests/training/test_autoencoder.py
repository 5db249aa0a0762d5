"""The training of the autoencoder: it learns, it resumes, it says what it cannot do."""

from __future__ import annotations

import signal
from pathlib import Path

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors import safe_open
from safetensors.torch import load_file
from scipy.ndimage import gaussian_filter

from lichen.errors import ImageError, LichenError
from lichen.faces.cli.main import main
from lichen.image import write_image
from lichen.training import autoencoder as training
from lichen.training.autoencoder import train_autoencoder
from lichen.training.data.photographs import Patches, read_photographs
from lichen.training.loop import TrainingProgress
from lichen.training.recipe import AutoencoderRecipe

TINY = AutoencoderRecipe(patch=16, steps=8, batch=3, widths=(4, 6), learning_rate=0.01)


@pytest.fixture
def folder(tmp_path: Path, rng: np.random.Generator) -> Path:
    """Give a folder of four photographs of clouds, one of them grey, and a file that is none."""
    place = tmp_path / "photos"
    (place / "more").mkdir(parents=True)
    for number in range(4):
        clouds = gaussian_filter(rng.normal(size=(40, 48, 3 if number else 1)), (1.5, 1.5, 0))
        picture = np.clip(0.5 + clouds, 0, 1).astype(np.float32)
        write_image(place / ("more" if number == 3 else ".") / f"{number}.png", picture)
    (place / "notes.txt").write_text("not a picture")
    return place


def test_it_learns_much_more_than_mean_colours(folder: Path, tmp_path: Path) -> None:
    recipe = TINY.model_copy(update={"steps": 300, "widths": (16, 32)})
    losses: list[float] = []

    def report(progress: TrainingProgress) -> None:
        if progress.loss is not None:
            losses.append(progress.loss)

    done = train_autoencoder(folder, recipe, tmp_path / "a.safetensors", report=report)
    assert len(losses) == 300
    assert np.mean(losses[-20:]) < 0.5 * done.mean_colour
    assert done.held_out < 0.5 * done.mean_colour
    assert done.trained_on == 3
    assert len(done.left_out) == 1
    assert "notes.txt" in done.left_out[0]
    with safe_open(str(tmp_path / "a.safetensors"), "pt") as file:
        about = file.metadata()
    assert about["architecture"] == "lichen-autoencoder"
    assert about["photographs"] == f"sha256:{read_photographs(folder, 16).sha256}"
    assert AutoencoderRecipe.model_validate_json(about["recipe"]) == recipe


def same_weights(one: Path, other: Path) -> bool:
    first, second = load_file(one), load_file(other)
    return first.keys() == second.keys() and all(torch.equal(first[n], second[n]) for n in first)


@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_leaves_a_checkpoint_from_which_the_same_weights_come(
    folder: Path, tmp_path: Path, workers: int
) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    train_autoencoder(folder, TINY, whole)
    state = tmp_path / "state.pt"
    seen: list[int] = []

    def stop(progress: TrainingProgress) -> None:
        if progress.stage == "training":
            seen.append(progress.done)
            if progress.done == 3:
                signal.raise_signal(signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        train_autoencoder(folder, TINY, cut, checkpoint=state, report=stop)
    assert state.is_file()
    assert not cut.exists()
    with pytest.raises(LichenError, match="--resume"):
        train_autoencoder(folder, TINY, cut, checkpoint=state)
    train_autoencoder(
        folder, TINY, cut, checkpoint=state, resume=True, workers=workers, report=stop
    )
    assert seen == [1, 2, 3, 5, 6, 7, 8]  # the fourth was done, kept, and not reported
    assert same_weights(whole, cut)
    assert not state.exists()
    train_autoencoder(folder, TINY.model_copy(update={"seed": 1}), cut)
    assert not same_weights(whole, cut)


def test_a_checkpoint_of_something_else_is_refused(folder: Path, tmp_path: Path) -> None:
    output, state = tmp_path / "a.safetensors", tmp_path / "state.pt"
    with pytest.raises(LichenError, match="no checkpoint"):
        train_autoencoder(folder, TINY, output, checkpoint=state, resume=True)

    def stop(progress: TrainingProgress) -> None:
        if progress.done == 4 and progress.stage == "training":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train_autoencoder(folder, TINY, output, checkpoint=state, checkpoint_every=2, report=stop)
    other = TINY.model_copy(update={"seed": 5})
    with pytest.raises(LichenError, match="another recipe"):
        train_autoencoder(folder, other, output, checkpoint=state, resume=True)
    (folder / "0.png").unlink()
    with pytest.raises(LichenError, match="other photographs"):
        train_autoencoder(folder, TINY, output, checkpoint=state, resume=True)
    state.write_bytes(b"nothing")
    with pytest.raises(LichenError, match="not a checkpoint"):
        train_autoencoder(folder, TINY, output, checkpoint=state, resume=True)


def test_a_training_that_diverges_says_so(folder: Path, tmp_path: Path) -> None:
    wild = TINY.model_copy(update={"learning_rate": 1.0, "gradient_weight": float("inf")})
    with pytest.raises(LichenError, match="smaller --learning-rate"):
        train_autoencoder(folder, wild, tmp_path / "a.safetensors", checkpoint=tmp_path / "c.pt")
    assert not (tmp_path / "a.safetensors").exists()
    assert not (tmp_path / "c.pt").exists()


def test_the_loss_by_hand() -> None:
    wanted = torch.zeros(1, 3, 4, 4)
    made = wanted.clone()
    made[..., 1] = 0.5  # one of four columns: differences of 0.5 on two of three pairs across
    expected = 0.125 + 2 * (0.5 * 2 / 3 + 0) / 2
    assert float(training.error(made, wanted, 2.0)) == pytest.approx(expected)
    assert float(training.error(wanted, wanted, 2.0)) == 0


def found(patch: torch.Tensor, picture: torch.Tensor) -> bool:
    """Say whether a picture (3, H, W) has a patch (3, 16, 16) anywhere."""
    places = picture.unfold(1, 16, 1).unfold(2, 16, 1)  # (3, rows, columns, 16, 16)
    return bool((places == patch[:, None, None]).all(dim=(0, 3, 4)).any())


def test_patches_are_cut_from_the_photographs(folder: Path) -> None:
    photographs = read_photographs(folder, 16)
    assert [p.path.name for p in photographs.usable] == ["0.png", "1.png", "2.png", "3.png"]
    whole = torch.from_numpy(photographs.usable[1].pixels.transpose(2, 0, 1).copy())
    patches = Patches(photographs.usable[1:2], 16, seed=3)
    mirrored = reordered = 0
    for number in range(16):
        patch = patches[number]
        assert torch.equal(patch, patches[number])
        turned = not found(patch.sort(0).values, whole.sort(0).values)
        straight = patch.flip(2) if turned else patch
        assert found(straight.sort(0).values, whole.sort(0).values)
        mirrored += turned
        reordered += not found(straight, whole)
    assert 0 < mirrored < 16
    assert 0 < reordered < 16


def test_photographs_beyond_the_memory_are_read_again(folder: Path) -> None:
    kept, again = read_photographs(folder, 16), read_photographs(folder, 16, memory=6000)
    assert [p.kept is None for p in again.usable] == [False, True, True, True]
    assert kept.sha256 == again.sha256
    for one, other in zip(kept.usable, again.usable, strict=True):
        assert np.array_equal(one.pixels, other.pixels)
    write_image(again.usable[1].path, np.zeros((40, 48, 3), np.float32))
    with pytest.raises(ImageError, match="has changed"):
        _ = again.usable[1].pixels


def test_the_split_is_by_the_seed_and_loses_none(folder: Path) -> None:
    photographs = read_photographs(folder, 16)
    trained, judges = photographs.split(0.5, seed=1)
    assert len(judges) == 2
    assert {p.sha256 for p in [*trained, *judges]} == {p.sha256 for p in photographs.usable}
    assert photographs.split(0.5, seed=1) == (trained, judges)
    assert len(photographs.split(0.999, seed=1)[0]) == 1


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        (["absent"], "not a folder"),
        (["empty"], "holds 0 pictures"),
        (["photos"], "holds 0 pictures of at least 512x512 pixels (5 smaller or unreadable)"),
        (["photos", "--patch", "8"], "patch = '8'"),
        (["photos", "--patch", "16", "--resume"], "no checkpoint"),
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


def test_the_command_trains_and_says_how_well(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from lichen.faces.cli.main import lichen

    monkeypatch.chdir(folder.parent)
    words = (
        "train autoencoder photos --patch 16 --steps 3 --batch 2 --widths 4,6 -o mine.safetensors"
    )
    done = CliRunner().invoke(lichen, words.split(), catch_exceptions=False)
    assert done.exit_code == 0
    assert "trained on 3 photographs; loss on those held out 0." in done.stdout
    assert "notes.txt" in done.stderr
    assert Path("mine.safetensors").is_file()
    assert not Path("mine.checkpoint.pt").exists()
