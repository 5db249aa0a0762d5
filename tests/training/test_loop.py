"""The loop: several networks at once, resumed to the bit, untouched by what else is drawn."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Annotated, ClassVar

import numpy as np
import pytest
import torch
from pydantic import Field
from torch import Tensor, nn
from torch.utils.data import Dataset

from lichen.errors import OutOfMemoryError
from lichen.faces.training import TrainingInterruptedError, finish
from lichen.model import Model
from lichen.run.training import Training
from lichen.training.loop import Loop, _Items
from lichen.training.randomness import Randomness
from lichen.training.schedules import constant_then_linear
from lichen.training.step import TrainStep
from lichen.training.trainable import DataKind, Source, Trainable, TrainContext


class Numbers(Dataset[Tensor]):
    """Random numbers by item."""

    def __getitem__(self, number: int) -> Tensor:
        return torch.from_numpy(np.random.default_rng(number).random(3).astype(np.float32))


class Pool:
    """The last three items that it was given."""

    def __init__(self) -> None:
        self.items: list[Tensor] = []

    def exchange(self, item: Tensor) -> Tensor:
        self.items = [*self.items, item][-3:]
        return self.items[0]

    def state_dict(self) -> dict[str, list[Tensor]]:
        return {"items": self.items}

    def load_state_dict(self, state: dict[str, list[Tensor]]) -> None:
        self.items = state["items"]


class TwoNetworks(Trainable):
    """A generator and a discriminator with an optimizer each, an average, dropout, a pool."""

    name: ClassVar[str] = "two_networks"
    trains_on: ClassVar[DataKind] = "nothing"
    steps: Annotated[int, Field(ge=1, description="updates")] = 12

    def train(self, data: Sequence[Source], context: TrainContext) -> Iterator[TrainStep]:
        loop = Loop(self, context, self.steps)
        made = loop.network("generator", lambda: nn.Sequential(nn.Linear(2, 3), nn.Dropout(0.3)))
        judge = loop.network("discriminator", lambda: nn.Linear(3, 1))
        first = loop.optimizer(
            "generator",
            torch.optim.Adam(made.parameters(), 0.01),
            constant_then_linear(0.01, 4, 8),
        )
        second = loop.optimizer("discriminator", torch.optim.SGD(judge.parameters(), 0.05, 0.9))
        average = loop.average("generator", made, 0.9)
        shift = loop.stream("shift", np.random.default_rng(context.seed))
        pool = loop.stateful("pool", Pool())
        batches = loop.batches(Numbers(), 4)

        def update(step: int) -> dict[str, Tensor]:
            noise = torch.randn(4, 2) + float(shift.random()) + float(np.random.random())  # noqa: NPY002
            fake = made(noise)
            fooled = -judge(fake).mean()
            first.zero_grad()
            loop.backward(fooled)
            first.step()
            separation = judge(pool.exchange(fake.detach())).mean() - judge(next(batches)).mean()
            second.zero_grad()
            loop.backward(separation)
            second.step()
            return {"generator": fooled.detach(), "discriminator": separation.detach()}

        yield from loop.run(
            update,
            lambda: loop.model({"generator": average, "discriminator": judge}),
            preview=lambda: torch.rand(2, 2, 3).numpy(),
        )


def weights(path: Path) -> dict[str, Tensor]:
    return dict(Model.read(path).weights)


@pytest.mark.parametrize("stop", [1, 5, 11])
def test_two_optimizers_an_average_and_a_pool_resume_to_the_bit(tmp_path: Path, stop: int) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    list(Training(TwoNetworks(), [], whole))
    training = Training(TwoNetworks(), [], cut)
    list(islice(training, stop))
    assert training.keep()
    torch.manual_seed(99)  # what others draw in between
    np.random.seed(99)  # noqa: NPY002
    again = Training(TwoNetworks(), [], cut)
    assert [step.step for step in again] == list(range(stop + 1, 13))
    assert whole.read_bytes() == cut.read_bytes()
    assert set(weights(whole)) == {
        "generator.0.weight", "generator.0.bias", "discriminator.weight", "discriminator.bias",
    }  # fmt: skip


def test_interrupted_when_only_the_model_was_missing(tmp_path: Path) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    list(Training(TwoNetworks(), [], whole))
    training = Training(TwoNetworks(), [], cut, checkpoint_every=1)
    list(islice(training, 11))
    assert training.context.loop is not None
    last = Training(TwoNetworks(), [], cut)
    list(islice(last, 1))  # the twelfth step, and with it the model
    state = last.context.loop.state()  # type: ignore[union-attr]
    assert state.step == 12
    cut.unlink()
    state.save(last.checkpoint)
    (only,) = Training(TwoNetworks(), [], cut)
    assert only.model is not None
    assert whole.read_bytes() == cut.read_bytes()


def test_a_second_ctrl_c_in_the_middle_of_an_update_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, cut = tmp_path / "whole.safetensors", tmp_path / "cut.safetensors"
    list(Training(TwoNetworks(), [], whole))
    backward, calls = Loop.backward, []

    def interrupted(self: Loop, loss: Tensor) -> None:
        backward(self, loss)
        calls.append(loss)
        if len(calls) == 10:  # the discriminator's, in the fifth step
            raise KeyboardInterrupt

    monkeypatch.setattr(Loop, "backward", interrupted)
    training = Training(TwoNetworks(), [], cut, checkpoint_every=3)
    with pytest.raises(TrainingInterruptedError) as error:
        finish(training, progress=False)
    assert error.value.checkpoint == training.checkpoint
    again = Training(TwoNetworks(), [], cut)
    assert again.resumed_from == 3
    finish(again, progress=False)
    assert whole.read_bytes() == cut.read_bytes()


def test_neither_the_caller_nor_previews_disturb_it(tmp_path: Path) -> None:
    plain, seen = tmp_path / "plain.safetensors", tmp_path / "seen.safetensors"
    list(Training(TwoNetworks(), [], plain))
    before = torch.get_rng_state()
    steps = list(Training(TwoNetworks(), [], seen, preview_every=3))
    previews = [step.preview for step in steps if step.preview is not None]
    assert torch.equal(torch.get_rng_state(), before)
    assert len(previews) == 4
    assert all(np.array_equal(previews[0], one) for one in previews)
    for _ in Training(TwoNetworks(), [], seen):
        torch.rand(3)
        np.random.random()  # noqa: NPY002
    assert plain.read_bytes() == seen.read_bytes()


def test_out_of_memory_names_what_to_lower(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Loop, loss: Tensor) -> None:
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")

    monkeypatch.setattr(Loop, "backward", full)
    with pytest.raises(OutOfMemoryError, match="smaller `batch`"):
        list(Training(TwoNetworks(), [], tmp_path / "a.safetensors"))


def test_the_average_follows_its_definition(tmp_path: Path) -> None:
    training = Training(TwoNetworks(), [], tmp_path / "a.safetensors")
    expected: dict[str, Tensor] = {}
    for number, _ in enumerate(training):
        loop = training.context.loop
        assert isinstance(loop, Loop)
        now = {n: t.clone() for n, t in loop.state().networks["generator"].items()}
        expected = now if number == 0 else {n: 0.9 * expected[n] + 0.1 * now[n] for n in now}
    found = Model.read(tmp_path / "a.safetensors").of_network("generator")
    for name, tensor in expected.items():
        torch.testing.assert_close(found[name], tensor)


def test_schedules_set_the_rate_of_their_optimizer_alone(tmp_path: Path) -> None:
    training = Training(TwoNetworks(), [], tmp_path / "a.safetensors")
    rates = []
    for _ in training:
        loop = training.context.loop
        assert isinstance(loop, Loop)
        state = loop.state().optimizers
        rates.append([state[n]["param_groups"][0]["lr"] for n in ("generator", "discriminator")])
    assert [rate for rate, _ in rates][:4] == [0.01] * 4
    assert rates[-1][0] == pytest.approx(0.01 / 9)
    assert {rate for _, rate in rates} == {0.05}


def test_processes_share_the_items_of_each_step() -> None:
    parts = [list(_Items(range(3, 5), 6, rank, 2)) for rank in (0, 1)]
    assert parts == [[18, 19, 20, 24, 25, 26], [21, 22, 23, 27, 28, 29]]
    assert list(_Items(range(3, 5), 6, 0, 1)) == list(range(18, 30))
    assert len(_Items(range(3, 5), 6, 1, 2)) == 6


def test_randomness_is_restored_and_is_of_the_seed() -> None:
    state = torch.get_rng_state()
    one, other = Randomness(3), Randomness(3)
    with one:
        drawn = torch.rand(2), np.random.random()  # noqa: NPY002
    assert torch.equal(torch.get_rng_state(), state)
    with other:
        again = torch.rand(2), np.random.random()  # noqa: NPY002
    assert torch.equal(drawn[0], again[0])
    assert drawn[1] == again[1]
    with other:
        assert not torch.equal(torch.rand(2), drawn[0])


PROGRAM = """
import sys
from pathlib import Path
import torch
torch.set_num_threads(1)
from test_average import Average
from lichen.run.training import Training
list(Training(Average(), [], Path(sys.argv[1]), device="cpu"))
"""

AVERAGE = """
from collections.abc import Iterator, Sequence
from typing import ClassVar
import numpy as np
import torch
from torch import nn
from torch.utils.data import Dataset
from lichen.training.loop import Loop
from lichen.training.trainable import Trainable

class Numbers(Dataset):
    def __getitem__(self, number):
        return torch.from_numpy(np.random.default_rng(number).random(3).astype(np.float32))

class Average(Trainable):
    name: ClassVar[str] = "average"
    trains_on: ClassVar[str] = "nothing"
    def train(self, data, context):
        loop = Loop(self, context, 5)
        network = loop.network("network", lambda: nn.Linear(3, 1))
        optimizer = loop.optimizer("network", torch.optim.SGD(network.parameters(), 0.1))
        batches = loop.batches(Numbers(), 4)
        def update(step):
            loss = (network(next(batches)) - 1).square().mean()
            optimizer.zero_grad(); loop.backward(loss); optimizer.step()
            return {"total": loss.detach()}
        yield from loop.run(update, lambda: loop.model({"network": network}))
"""


def test_two_processes_train_what_one_does(tmp_path: Path) -> None:
    """Data parallel by torchrun, on the CPU: the gradients of the parts are averaged."""
    (tmp_path / "test_average.py").write_text(AVERAGE)
    (tmp_path / "program.py").write_text(PROGRAM)
    alone, both = tmp_path / "alone.safetensors", tmp_path / "both.safetensors"
    python = [sys.executable, "-m"]
    started = [sys.executable, "program.py", str(alone)]
    env = {**os.environ, "LICHEN_PRECISION": "float32", "OMP_NUM_THREADS": "1"}
    subprocess.run(started, cwd=tmp_path, check=True, env=env)
    command = [*python, "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    subprocess.run(
        [*command, "program.py", str(both)], cwd=tmp_path, check=True, env=env, timeout=120
    )
    one, two = weights(alone), weights(both)
    for name in one:
        torch.testing.assert_close(one[name], two[name])
