"""`runtime-cli evaluate`: the measures of papers over sounds that were made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from contextlib import ExitStack
    from pathlib import Path

    from ..cases import Case
    from ..evaluating import Evaluation
    from ..hearing import Ear, Listener
    from ..sampler import Cancel
    from .console import Console
    from .settings import Settings

__all__ = ["evaluate"]

_ITEMS = (".jsonl", ".tsv", ".csv")


def evaluate(
    sounds: Annotated[
        str,
        typer.Argument(
            metavar="FOLDER|TABLE",
            help="Sounds to measure: a folder of them, or a .jsonl, .csv or .tsv with columns "
            "file, reference, prompt, image, video, audio.",
            show_default=False,
        ),
    ],
    reference: Annotated[
        str,
        typer.Option(
            metavar="FOLDER", help="Real sounds. Those named like a sound are its counterpart."
        ),
    ] = "",
    embedder: Annotated[
        str, typer.Option(metavar="BUNDLE", help="Conditioner that hears sounds.")
    ] = "starter",
    classifier: Annotated[
        str, typer.Option(metavar="BUNDLE", help="Classifier, for inception score and KL.")
    ] = "",
    classes: Annotated[
        str,
        typer.Option(
            metavar="FILE", help="Classes instead, one in words a line: the embedder judges."
        ),
    ] = "",
    splits: Annotated[
        int, typer.Option(metavar="N", min=1, help="Parts of the inception score.")
    ] = 1,
    out: Annotated[
        str,
        typer.Option(
            "--out", "-o", metavar="FILE", help="Numbers of every sound: .jsonl, .tsv or .csv."
        ),
    ] = "",
    *,
    given: Mapping[str, Any],
) -> int:
    """Measure sounds against real ones and against what was asked for.

    Fréchet distance (fad), inception score, KL of pairs, cosine with the text (clap_score) and with
    other prompts: whatever the files allow. Sounds of our own carry their prompts. Values of
    different embedders and classifiers are not comparable.
    """
    from pathlib import Path

    from .console import Console
    from .layers import resolve
    from .work import reported

    settings = resolve(given).settings
    asked = _Asked(sounds, reference, embedder, classifier, classes, splits)
    with Console(settings) as console:
        return reported(
            console,
            lambda: _evaluate(asked, Path(out).expanduser() if out else None, settings, console),
        )


@dataclass(frozen=True)
class _Asked:
    """What the command line says."""

    sounds: str
    reference: str
    embedder: str
    classifier: str
    classes: str
    splits: int


def _evaluate(asked: _Asked, out: Path | None, settings: Settings, console: Console) -> int:
    from contextlib import ExitStack
    from dataclasses import asdict

    from ..errors import OutputError, RequestError
    from ..evaluating import evaluate
    from ..events import ProgressEvent
    from .interrupt import interruptible

    if out and out.suffix.lower() not in _ITEMS:
        raise RequestError(f"Name the file of --out with {', '.join(_ITEMS)}.")
    if out and out.exists() and not settings.overwrite:
        raise OutputError(
            f"{out} exists already; add --overwrite to replace it, or choose another name."
        )
    if asked.classes and asked.classifier:
        raise RequestError("Give --classes or --classifier: both say what a sound is.")
    cases, references = _read(asked)

    def progress(stage: str, step: int, total: int) -> None:
        if not console.json:
            console.tell(ProgressEvent(id="", stage=stage, step=step, total=total))

    def work(cancel: Cancel) -> Evaluation:
        with ExitStack() as stack:
            ear, listener = _ears(asked, settings, stack, cancel)
            return evaluate(
                cases,
                references,
                ear,
                listener,
                splits=asked.splits,
                progress=progress,
                cancel=cancel,
            )

    found = interruptible(work)
    if out:
        _write(out, found.items)
    if console.json:
        console.document(asdict(found))
        return 0
    for line in _lines(found):
        console.print(line)
    for measure in found.measures:
        for note in measure.notes:
            console.warning(f"{measure.name}: {note}")
    return 0


def _read(asked: _Asked) -> tuple[list[Case], list[Path]]:
    """The sounds with their counterparts, and the real sounds as a set."""
    from dataclasses import replace
    from pathlib import Path

    from ..cases import cases_in_folder, cases_in_table
    from ..errors import MediaError, RequestError
    from ..tables import KINDS

    place = Path(asked.sounds).expanduser()
    if place.is_dir():
        cases = cases_in_folder(place)
    elif (kind := KINDS.get(place.suffix.lower())) is not None:
        try:
            text = place.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeDecodeError) as problem:
            raise MediaError(f"{place} cannot be read: {problem}.") from None
        cases = cases_in_table(text, kind, place.parent, str(place))
    else:
        raise RequestError(f"{place} is no folder and no table ({', '.join(KINDS)}).")
    if not asked.reference:
        return cases, []
    real = [case.file for case in cases_in_folder(Path(asked.reference).expanduser())]
    named = {file.stem: file for file in real}
    paired = [replace(c, reference=c.reference or named.get(c.file.stem)) for c in cases]
    return paired, real


def _ears(
    asked: _Asked, settings: Settings, stack: ExitStack, cancel: Cancel
) -> tuple[Ear, Listener | None]:
    """What embeds and what classifies, with their graphs."""
    from pathlib import Path

    from ..bundle import open_bundle
    from ..engine import Engine
    from ..errors import MediaError, RequestError
    from ..hearing import Classes, Ear, Labels

    options: dict[str, Any] = {
        "device": settings.device,
        "precision": settings.precision,
        "threads": settings.threads,
    }
    bundle = open_bundle(asked.embedder)
    ear = Ear(bundle, stack.enter_context(Engine(bundle, **options)))
    if asked.classifier:
        other = open_bundle(asked.classifier)
        return ear, Classes(other, stack.enter_context(Engine(other, **options)))
    if not asked.classes:
        return ear, None
    try:
        written = Path(asked.classes).expanduser().read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        raise MediaError(f"{asked.classes} cannot be read: {problem}.") from None
    labels = [line.strip() for line in written.splitlines() if line.strip()]
    if len(labels) < 2:
        raise RequestError(f"{asked.classes} must name at least two classes, one a line.")
    if "text" not in ear.understands:
        raise RequestError(
            f"{bundle.manifest.name} understands no text, so it cannot tell classes apart by name."
        )
    return ear, Labels(ear, labels, cancel)


def _write(out: Path, items: Sequence[Mapping[str, Any]]) -> None:
    """The numbers of every sound, whole or not at all."""
    import csv
    import io
    import json

    from ..whole import write_whole

    if out.suffix.lower() == ".jsonl":
        lines = [json.dumps(item, ensure_ascii=False, allow_nan=False) for item in items]
        write_whole(out, "".join(f"{line}\n" for line in lines).encode("utf-8", "surrogateescape"))
        return
    text = io.StringIO(newline="")
    columns = list(dict.fromkeys(key for item in items for key in item))
    delimiter = "\t" if out.suffix.lower() == ".tsv" else ","
    table = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\n")
    table.writeheader()
    table.writerows(items)
    write_whole(out, text.getvalue().encode("utf-8", "surrogateescape"))


def _lines(found: Evaluation) -> Iterator[str]:
    yield f"{'measure':<18} {'value':>10}  {'sounds':>7} {'real':>6}  heard by"
    for measure in found.measures:
        real = "" if measure.references is None else str(measure.references)
        spread = "" if measure.deviation is None else f" +- {measure.deviation:.3f}"
        yield (
            f"{measure.name:<18} {measure.value:>10.4f}  {measure.sounds:>7} {real:>6}  "
            f"{measure.by}{spread}"
        )
