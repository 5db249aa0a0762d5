"""The library's errors in the words of the command line: parameters become flags."""

from __future__ import annotations

import re
from collections.abc import Sequence

import click

from lichen.errors import LichenError


def in_flags(error: LichenError, group: click.Group, arguments: Sequence[str]) -> str:
    """Return an error as one line, with flags in place of the names of parameters.

    The library writes parameters in backticks: "`size` 0x4 has no pixels".

    Parameters
    ----------
    error
        What was raised.
    group, arguments
        The command line that raised it, which gives the spelling of the command's parameters.
    """
    called = _names(_command(group, arguments))

    def word(match: re.Match[str]) -> str:
        return called.get(match[1], "--" + match[1].replace("_", "-"))

    return re.sub(r"`(\w+)`", word, str(error))


def _command(group: click.Group, arguments: Sequence[str]) -> click.Command:
    """Follow the arguments from group to group down to the command that they name."""
    found: click.Command = group
    for argument in arguments:
        if not isinstance(found, click.Group):
            break
        inner = found.get_command(click.Context(found), argument)
        found = found if inner is None else inner
    return found


def _names(command: click.Command) -> dict[str, str]:
    """Return the option or argument of each parameter that the command itself has."""
    return {
        param.name: max(param.opts, key=len)
        if isinstance(param, click.Option)
        else param.human_readable_name
        for param in command.params
        if param.name
    }
