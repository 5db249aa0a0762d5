"""A command that takes the parameters of one method as options."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import click
from pydantic import BaseModel

from lichen import registry
from lichen.faces.cli import options
from lichen.model import ModelRecord, is_model_file

MODEL = click.option(
    "--model",
    help="Model that lichen train wrote (.safetensors); may also be given in place of the photo.",
)


class MethodCommand(click.Command):
    """Takes the options of the method that one of its own parameters names.

    A command with the option ``--model`` takes those of the model's method if none is named.

    Parameters
    ----------
    method_from
        The parameter, an option or argument, whose value is the method's name; with neither
        value nor default there are only the command's own options.
    implied
        Methods by the option that implies them if none is named.
    renamed
        Fields that the command has its own options for: passed by the field's name, but spelled
        differently on the command line.
    """

    def __init__(
        self,
        *args: Any,
        method_from: str = "method",
        implied: Mapping[str, str] | None = None,
        renamed: Sequence[str] = (),
        **attributes: Any,
    ) -> None:
        super().__init__(*args, **attributes)
        self.method_from = method_from
        self.implied = implied or {}
        self.renamed = frozenset(renamed)

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Find the method before parsing anything else."""
        parser = super().make_parser(ctx)
        parser.ignore_unknown_options = True
        values, _, _ = parser.parse_args(list(args))
        if not values.get(self.method_from):
            present = {arg.partition("=")[0] for arg in args}
            implied = [self.implied[option] for option in present & self.implied.keys()]
            for method in implied or self._of_model(args):
                args = [f"--{self.method_from}", method, *args]
                values[self.method_from] = method
        own = {param.name: param for param in self.params}
        ctx.meta["method"] = values.get(self.method_from) or own[self.method_from].default
        return super().parse_args(ctx, args)

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's own options, then the method's."""
        return [*super().get_params(ctx), *self._method_options(ctx)]

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Show the method's options under its name."""
        sections = {"Options": super().get_params(ctx)}
        if method_options := self._method_options(ctx):
            sections[f"Parameters of {ctx.meta['method']}"] = [*method_options]
        for title, params in sections.items():
            records = [record for param in params if (record := param.get_help_record(ctx))]
            with formatter.section(title):
                formatter.write_dl(records)

    def configurable(self, name: str) -> type[BaseModel]:
        """Return the class whose fields are the further options."""
        return registry.method(name)

    def _of_model(self, args: Sequence[str]) -> list[str]:
        """Return the method of a model among the arguments, unless it is the value of an option."""
        if all(param.name != "model" for param in self.params):
            return []
        flags = {
            flag
            for param in self.params
            if isinstance(param, click.Option) and param.is_flag
            for flag in param.opts
        }
        for before, arg in itertools.pairwise(["", *args]):
            file = arg.removeprefix("--model=")
            is_value = before.startswith("-") and before not in {"--model", *flags}
            if is_model_file(file) and not file.startswith("-") and not is_value:
                record = ModelRecord.read(file)
                return [] if record.method in registry.TRAINED_NETWORKS else [record.method]
        return []

    def _method_options(self, ctx: click.Context) -> list[click.Option]:
        name = ctx.meta.get("method")
        every = options.options(self.configurable(name)) if isinstance(name, str) else []
        return [option for option in every if option.name not in self.renamed]
