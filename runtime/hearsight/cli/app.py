"""The verbs of `runtime-cli` and what all of them share: settings, help, errors, exit codes."""

from __future__ import annotations

import inspect
import os
import sys
from collections.abc import Callable
from typing import Annotated, Any, get_args

import typer

from ..errors import Cancelled, DeviceError, HearsightError, OutputError, refused
from . import (
    batch,
    bench,
    bundles,
    condition,
    doctor,
    engines,
    evaluate,
    generate,
    info,
    replay,
    serve,
)
from .settings import ALIASES, Settings, hints, options

__all__ = ["app"]

Verb = Callable[..., int]

_MACHINE = ("device", "precision", "threads", "json", "quiet", "log_level", "log_file", "color")
_GRAPHS = ("prepare", "memory")
_SEARCH = ("cycle_its", "cycle_samples", "var_samples")
_SOUND = ("duration", "seed", "steps", "guidance", "solver", "eta")


def _spelled(name: str) -> str:
    """Flags may be written with `_`, and as the research scripts spell them."""
    kebab = name.replace("_", "-")
    return ALIASES.get(kebab, kebab)


def _plain() -> bool:
    return bool(os.environ.get("NO_COLOR")) or not (sys.stdout.isatty() and sys.stderr.isatty())


def _typer(help: str, **more: Any) -> typer.Typer:
    return typer.Typer(
        help=help,
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode=None if _plain() else "rich",
        context_settings={
            "help_option_names": ["-h", "--help"],
            "token_normalize_func": _spelled,
            "max_content_width": 100,
        },
        **more,
    )


app = _typer(
    "Turn sentences, pictures, videos and sounds into sound effects and ambience.",
    epilog="Exit codes: 0 all done, 1 some items failed, 2 usage or manifest, 3 bundle, "
    "4 device or memory, 5 input or output file, 130 interrupted.",
)
_bundles = _typer("List, inspect, check and take in bundles.")
app.add_typer(_bundles, name="bundles")
_engines = _typer("Build, list, explain, delete and take in compiled graphs.")
app.add_typer(_engines, name="engines")


def _print_version(asked: bool) -> None:
    if asked:
        from importlib import metadata

        try:
            print(f"hearsight {metadata.version('hearsight')}")
        except metadata.PackageNotFoundError:
            print("hearsight, run from its sources")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and leave.", callback=_print_version),
    ] = False,
) -> None:
    """Options of the program itself, which its callback has dealt with."""


def _add(to: typer.Typer, verb: Verb, *settings: str, name: str = "") -> None:
    """Make a verb a command: its own parameters, then those settings as flags."""
    # Not `get_type_hints`: on Python 3.10 it hides annotations of what defaults to None.
    parameters = inspect.signature(verb, eval_str=True).parameters
    own = [parameter for key, parameter in parameters.items() if key != "given"]
    own_names = [parameter.name for parameter in own]
    shared = [_parameter(key) for key in options() if key in settings]

    def command(**values: Any) -> None:
        mine = {key: values.pop(key) for key in own_names}
        try:
            code = verb(**mine, given=values)
        except Cancelled as problem:
            code = problem.exit_code
        except HearsightError as problem:
            print(f"error: {problem}", file=sys.stderr)
            code = problem.exit_code
        except OSError as problem:
            print(f"error: {refused(problem)}", file=sys.stderr)
            code = OutputError.exit_code
        except MemoryError:
            print("error: Memory does not suffice; ask for a shorter sound.", file=sys.stderr)
            code = DeviceError.exit_code
        raise typer.Exit(code)

    signature = inspect.Signature([*own, *shared])
    command.__signature__ = signature  # pyright: ignore[reportFunctionMemberAccess]
    command.__annotations__ = {p.name: p.annotation for p in signature.parameters.values()}
    to.command(name or verb.__name__, help=inspect.getdoc(verb))(command)


def _parameter(key: str) -> inspect.Parameter:
    """A setting as a flag whose default, None, means that it was not given."""
    look, hint = options()[key], hints()[key]
    default = getattr(Settings(), key)
    shown = f" [default: {default}]" if default and not isinstance(default, bool) else ""
    flag = f"--{key.replace('_', '-')}"
    if hint is bool:
        flag = f"{flag}/--no-{flag[2:]}"
    if hint == tuple[str, ...]:
        hint = list[str]
    elif {int, float} & {hint, *get_args(hint)} or key == "channels":
        hint = str  # `layers` reads numbers, so that all layers refuse them in the same words
    annotation = Annotated[
        hint | None,
        typer.Option(
            flag,
            *look.flags,
            help=f"{look.help}{shown}",
            metavar=look.metavar,
            rich_help_panel=look.panel,
        ),
    ]
    return inspect.Parameter(
        key, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=annotation
    )


_add(app, generate.generate, *options())
_add(app, batch.batch, *options())
_add(app, info.info, "json")
_add(app, replay.replay, "conditioner", "judge", *_GRAPHS, *_MACHINE)
_add(
    app,
    condition.condition,
    *("seed", "mix", *_SEARCH, "model", "conditioner", "overwrite", "prepare", *_MACHINE),
)
_add(app, serve.serve, "model", "conditioner", *_GRAPHS, "device", "precision", "threads")
_add(app, doctor.doctor, "device", "precision", "json")
_add(app, bench.bench, "model", *_SOUND, *_MACHINE)
_add(app, evaluate.evaluate, "overwrite", *_MACHINE)
_add(_bundles, bundles.list_bundles, "json", name="list")
_add(_bundles, bundles.show, "json")
_add(_bundles, bundles.verify, *_MACHINE)
_add(_bundles, bundles.import_bundle, "json", name="import")
_add(_engines, engines.build, *_MACHINE)
_add(_engines, engines.list_engines, "json", name="list")
_add(_engines, engines.explain, "device", "precision", "json")
_add(_engines, engines.clean, "json")
_add(_engines, engines.import_engines, "json", name="import")
