"""What every command that makes pictures does with a run: bar, checkpoint, save, say so."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from lichen.result import Result
from lichen.run.checkpoint import checkpoint_path
from lichen.run.loop import Run, RunInterruptedError
from lichen.run.synthesis import finish


def make(
    run: Run,
    output: Path,
    *,
    bit_depth: int = 8,
    quiet: bool = False,
    video: Path | None = None,
    checkpoint_every: float = 10.0,
) -> Result:
    """Take a run to its end and save the picture; on Ctrl-C save the best so far and leave."""
    checkpoint = checkpoint_path(output)
    try:
        result = finish(
            run,
            progress=False if quiet else None,
            checkpoint=checkpoint,
            checkpoint_every=checkpoint_every,
            video=video,
            title=output.name,
        )
    except RunInterruptedError as interrupted:
        if interrupted.result is None:
            click.echo("lichen: interrupted before the first step; nothing written", err=True)
        else:
            interrupted.result.save(output, bit_depth)
            click.echo(
                f"lichen: interrupted; the best so far is {output}; "
                f"go on with: lichen resume {checkpoint}",
                err=True,
            )
        sys.exit(130)
    result.save(output, bit_depth)
    checkpoint.unlink(missing_ok=True)
    if not quiet:
        click.echo(summary(output, result))
    return result


def summary(output: Path, result: Result) -> str:
    """One line: file, size, time, network, loss."""
    record = result.provenance
    loss = record.losses.get("total")
    parts = [
        f"{record.size[1]}x{record.size[0]}",
        f"{record.seconds:.1f} s",
        *record.networks,
        f"seed {record.seed}",
    ]
    if loss is not None:
        parts.append(f"loss {loss:.4g}")
    return f"{output}: {', '.join(parts)}"
