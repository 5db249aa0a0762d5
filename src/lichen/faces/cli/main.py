"""The command ``lichen``: commands are imported when they are called, errors are one line."""

from __future__ import annotations

import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Any, NoReturn

import click

from lichen.errors import LichenError

COMMANDS = {
    "synthesize": ("synthesize:synthesize", "Make new pictures of a material from a photo."),
    "fill": ("tasks:fill", "Fill the holes of a photo."),
    "extend": ("tasks:extend", "Continue a photo beyond its borders."),
    "transfer": ("tasks:transfer", "Render a picture in a texture."),
    "analogy": ("tasks:analogy", "Make B' so that A is to A' as B is to B'."),
    "mix": (
        "mix:mix",
        "Mix the statistics of several textures, or make a strip from one to another.",
    ),
    "apply": (
        "apply:apply",
        "Repeat the copying of an earlier result on another map.",
    ),
    "tiles": ("tiles:tiles", "Make Wang tiles that cover the plane without repeating."),
    "resume": ("saved:resume", "Resume an interrupted run from its checkpoint."),
    "continue": ("saved:continue_", "Continue a saved picture for more iterations."),
    "rerun": ("saved:rerun", "Make a saved picture again, byte for byte."),
    "show": ("saved:show", "Show how a saved picture was made."),
    "compare": (
        "compare:compare",
        "Measure how good results are, relative to anchors of known quality.",
    ),
    "trial": (
        "trial:trial",
        "Make a page that asks observers which crop is the photo, or score it.",
    ),
    "same": ("same:same", "Tell whether two patches show the same texture."),
    "probe": ("probe:probe", "See inside: feature maps, fingerprints, filters, layers at work."),
    "text": ("text:text", "Generate a text with the n-grams of another (Shannon 1948)."),
    "methods": ("methods:methods", "List the methods by family, or explain one."),
    "weights": ("weights:weights", "List, fetch, verify and add networks' weights."),
    "prepare": (
        "prepare:prepare",
        "Clean a folder of texture photos: crop, resize, drop bad ones.",
    ),
    "train": ("train:train", "Train a method or network on pictures, and write its model."),
}


class LazyGroup(click.Group):
    """A group whose help imports no command."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Names in the order of the table."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        if cmd_name not in COMMANDS:
            return None
        module, _, attribute = COMMANDS[cmd_name][0].partition(":")
        command: click.Command = getattr(import_module(f"lichen.faces.cli.{module}"), attribute)
        return command

    def resolve_command(self, ctx: click.Context, args: list[str]) -> Any:
        """Find a command, answering an unknown name with the nearest."""
        if args and args[0] not in COMMANDS:
            from lichen.errors import unknown_name

            raise unknown_name("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the table of commands."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, summary) for name, (_, summary) in COMMANDS.items()])


HELP = """New pictures of a material from an example of it, and how good they are.

\b
lichen synthesize photo.jpg -o new.png --size 512x512 --tile
lichen synthesize --method gatys --help     all parameters of a method
lichen fill photo.png --mask mask.png       holes; also extend, transfer, analogy
lichen compare photo.jpg new.png            the report card
"""


@click.group(cls=LazyGroup, help=HELP, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="lichen", message="lichen %(version)s")
def lichen() -> None:
    """Hold the commands."""


def main() -> None:
    """Run the command line; exit codes are 0, 1 (differs), 2 (bad input) and 130 (Ctrl-C)."""
    signal.signal(signal.SIGTERM, _as_interrupt)
    try:
        lichen.main(standalone_mode=False)
    except LichenError as error:
        _fail(_in_flags(error), 2)
    except click.Abort:
        _fail("interrupted", 130)
    except click.exceptions.NoArgsIsHelpError as error:
        click.echo(error.format_message())
        sys.exit(2)
    except click.ClickException as error:
        _fail(" ".join(error.format_message().split()), 2)
    except click.exceptions.Exit as leave:
        sys.exit(leave.exit_code)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except OSError as error:
        _fail(f"{error.filename or 'a file'}: {error.strerror or error}; check the system", 2)
    except MemoryError:
        _fail("out of memory; ask for a smaller --size or fewer --layers", 2)


def _in_flags(error: LichenError) -> str:
    """Return an error with the flags of the command that was called."""
    from lichen.faces.cli.wording import in_flags

    return in_flags(error, lichen, sys.argv[1:])


def _as_interrupt(number: int, frame: FrameType | None) -> None:
    """Treat a request to terminate like Ctrl-C: the best picture so far is saved."""
    raise KeyboardInterrupt


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"lichen: error: {message}" if code == 2 else f"lichen: {message}", err=True)
    sys.exit(code)
