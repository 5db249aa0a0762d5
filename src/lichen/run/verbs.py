"""The tasks as public verbs: taken to their end, with bar, checkpoints and film."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec

from lichen.result import Result
from lichen.run import mixing, tasks
from lichen.run.loop import Run
from lichen.run.synthesis import finish

Wanted = ParamSpec("Wanted")

FINISHING = {
    name: parameter
    for name, parameter in inspect.signature(finish).parameters.items()
    if name in ("progress", "checkpoint", "video", "on_step")
}


def finishing(task: Callable[Wanted, Run]) -> Callable[Wanted, Result]:
    """Give the verb that takes a task's run to its end and returns the result.

    It takes ``progress``, ``checkpoint``, ``video`` and ``on_step`` beside the task's arguments.
    """

    @wraps(task)
    def verb(*given: Wanted.args, **named: Wanted.kwargs) -> Result:
        how = {name: named.pop(name) for name in FINISHING if name in named}
        return finish(task(*given, **named), **how)  # type: ignore[arg-type]

    signature = inspect.signature(task)
    *own, rest = signature.parameters.values()  # the last are the method's parameters
    verb.__signature__ = signature.replace(  # type: ignore[attr-defined]
        parameters=[*own, *FINISHING.values(), rest], return_annotation=Result
    )
    verb.__doc__ = (
        f"{inspect.cleandoc(task.__doc__ or '')}\n\n"
        "Further arguments (method, preset, progress, checkpoint, video, on_step and the method's\n"
        "parameters) and what is raised are those of :func:`lichen.synthesize`.\n"
    )
    return verb


fill = finishing(tasks.fill)
extend = finishing(tasks.extend)
transfer = finishing(tasks.transfer)
analogy = finishing(tasks.analogy)
mix = finishing(mixing.mix)
strip = finishing(mixing.strip)
