"""What one bundle makes of prompts: the graphs of its chains, run one after the other."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import join, media, parts, signals
from .chains import chains, roles_of
from .errors import RequestError
from .join import How, Source
from .parts import Part, Span
from .request import Heard, Modality, Prompt
from .sampler import Cancel

if TYPE_CHECKING:
    from .bundle import Bundle
    from .engine import Engine
    from .manifest import AudioConditioner, Classifier, Role

__all__ = ["Encoder", "fitted"]

Array = NDArray[np.float32]


class Encoder:
    """Runs the chains of one bundle for the prompts of one request.

    Args:
        bundle: understands them.
        engine: of its graphs.
        how: what a request says about it.
        cancel: stops within one run of a graph.
        watched: told how many looks at a video are done, and of how many.
    """

    def __init__(
        self,
        bundle: Bundle,
        engine: Engine,
        how: How,
        cancel: Cancel,
        watched: Callable[[int, int], None] | None = None,
    ) -> None:
        self._bundle = bundle
        self._manifest = bundle.manifest
        self._engine = engine
        self._how = how
        self._cancel = cancel
        self._looks = watched or _silent

    def conditions(
        self, prompts: Mapping[int, Prompt], spans: Sequence[Span | None]
    ) -> tuple[list[Array], list[Heard]]:
        """The conditions [...space], one for each span, that prompts become, which meet if they
        are several, and what was found in pictures.

        Args:
            prompts: by their places in the request.
            spans: the parts of a video in seconds, None the bundle's own choice.
        """
        heard: list[Heard] = []
        found: list[list[Source]] = [[] for _ in spans]
        alone = len(prompts) == 1
        for number, prompt in prompts.items():
            weight = 1.0 if alone else prompt.weight
            if prompt.modality == "video":
                shown = self._watched(number, prompt.value, spans)
                for each, value in zip(found, shown, strict=True):
                    each.append(Source("video", value, weight))
            elif prompt.modality == "image":
                sources, told = self._seen(number, prompt, weight, alone=alone)
                heard += told
                for each in found:
                    each.extend(sources)
            else:
                value = self._framed(prompt.modality, [self._first(number, prompt)], number)
                for each in found:
                    each.append(Source(prompt.modality, value, weight))
        first, some = next(iter(prompts.items()))
        if roles_of(self._manifest, some.modality)[-1] != "join":
            return [each[0].value for each in found], heard
        if all(prompt.modality != "video" for prompt in prompts.values()):
            return [self._joined(found[0], first)] * len(spans), heard
        return [self._joined(each, first) for each in found], heard

    def of_sound(self, sound: Array) -> Array:
        """The condition [...space] of a sound [1, samples] at the bundle's rate."""
        value = self._run(self._graph("audio", "audio"), {"audio": sound}, 0)
        value = self._framed("audio", [value], 0)
        if roles_of(self._manifest, "audio")[-1] != "join":
            return value
        return self._joined([Source("audio", value)], 0)

    def _first(self, number: int, prompt: Prompt) -> Array:
        """What the graph at the head of a chain makes of a prompt that is no picture in colour."""
        modality = prompt.modality
        if modality == "text":
            text = {"text": np.array([prompt.value], dtype=object)}
            tokens = self._engine.run(self._graph("text", "tokenize"), text, self._cancel)
            graph = self._graph("text", "text")
            names = [spec.name for spec in self._manifest.graphs[graph].inputs]
            return self._run(graph, {n: tokens[n] for n in names if n in tokens}, number)
        if modality == "audio":
            known = self._manifest.conditioners.audio
            assert known, "the caller asked who understands"
            heard = media.read_audio(
                prompt.value, sample_rate=known.sample_rate, seconds=known.seconds
            )
            return self._run(self._graph("audio", "audio"), {"audio": fitted(heard, known)}, number)
        if modality == "imu":
            graph = self._graph("imu", "signal")
            [spec] = self._manifest.graphs[graph].inputs
            _, channels, samples = spec.shape
            fixed = samples if isinstance(samples, int) else None
            signal = signals.read_signal(prompt.value, channels=int(channels), samples=fixed)
            return self._run(graph, {"signal": signal[None]}, number)
        pixels = media.read_image(prompt.value)
        return self._part(self._graph(modality, "image"), pixels, parts.whole(pixels), number)

    def _seen(
        self, number: int, prompt: Prompt, weight: float, *, alone: bool
    ) -> tuple[list[Source], list[Heard]]:
        """What a picture becomes, and what was found in it where the bundle looks for parts."""
        pixels = media.read_image(prompt.value)
        looked, found = self._looked("image", pixels, number, prompt, alone=alone)
        roles = roles_of(self._manifest, "image")
        known = self._manifest.join
        kept = alone and known is not None and known.whole and "join" in roles
        if "frames" in roles:
            if any(part.weight not in (0, 1) for part in found):
                raise RequestError(
                    f"{self._manifest.name!r} cannot weigh the parts of {prompt.value} against "
                    "each other, only leave them out: give no weights but 0 and 1."
                )
            value = self._framed("image", [value for _, value in looked], number)
            sources = [Source("image", value, weight, kept)]
        else:
            sources = [
                Source("image", value, weight * part.weight, kept and part.score is None)
                for part, value in looked
            ]
        if "detect" not in roles:
            return sources, []
        entire = [Heard(number, None, None, weight) for part, _ in looked if part.score is None]
        pieces = [Heard(number, part.box, part.score, weight * part.weight) for part in found]
        return sources, [*entire, *pieces]

    def _looked(
        self,
        modality: Modality,
        pixels: NDArray[np.uint8],
        number: int,
        prompt: Prompt,
        *,
        alone: bool,
    ) -> tuple[list[tuple[Part, Array]], list[Part]]:
        """The parts of a picture that count and what the `image` graph makes of each, and all
        parts that were found."""
        roles = roles_of(self._manifest, modality)
        known = self._manifest.join
        keeps = known is not None and known.whole and ("image", "join") in pairwise(roles)
        found: list[Part] = []
        if "detect" in roles and (alone or not keeps):
            graph = self._graph(modality, "detect")
            told = self._engine.run(graph, {"image": pixels[None]}, self._cancel)
            most = getattr(self._manifest.conditioners, modality).max_sources
            boxes, scores = told["boxes"][0], told["scores"][0]
            found = parts.detected(boxes, scores, most, prompt.sources, pixels, prompt.value)
        looked = [part for part in found if part.weight]
        if not found or (keeps and alone):
            looked.insert(0, parts.whole(pixels))
        if not looked:
            raise RequestError(f"Every part of {prompt.value} is muted: leave one to listen to.")
        graph = self._graph(modality, "image")
        return [(part, self._part(graph, pixels, part, number)) for part in looked], found

    def _part(self, graph: str, pixels: NDArray[np.uint8], part: Part, number: int) -> Array:
        given: dict[str, NDArray[Any]] = {"image": pixels[None]}
        if any(spec.name == "box" for spec in self._manifest.graphs[graph].inputs):
            given["box"] = np.array([part.box], np.float32)
        return self._run(graph, given, number)

    def _watched(self, number: int, path: str, spans: Sequence[Span | None]) -> list[Array]:
        """What parts of a video become, in which each frame is read and seen once."""
        video = self._manifest.conditioners.video
        assert video, "the caller asked who understands"
        roles = roles_of(self._manifest, "video")
        if "moment" in roles:
            graph = self._graph("video", "moment")
            [spec] = self._manifest.graphs[graph].inputs
            moments = parts.moment_times(
                path,
                seconds=video.moment_seconds,
                moments=video.max_frames,
                frames=int(spec.shape[0]),
                spans=spans,
            )
            wanted = [m for each in moments for m in each]
            seen: dict[tuple[float, ...], Array] = {}
            for times, shown in parts.moments_at(path, wanted):
                self._looks(len(seen), len(set(wanted)))
                seen[times] = self._run(graph, {"moment": shown}, number)
            return [
                self._framed("video", [seen[times] for times in each], number) for each in moments
            ]
        shown = media.frame_times(path, fps=video.fps, max_frames=video.max_frames, spans=spans)
        every = np.unique(np.concatenate(shown))
        values: list[Array] = []
        for time, pixels in zip(every, media.frames_at(path, every), strict=True):
            self._looks(len(values), len(every))
            looked, _ = self._looked("video", pixels, number, Prompt("video", path), alone=True)
            if roles[-2:] != ("join", "frames"):
                values.append(looked[0][1])
                continue
            known = self._manifest.join
            kept = known is not None and known.whole
            sources = [Source("video", v, whole=kept and part.score is None) for part, v in looked]
            values.append(self._joined(sources, number, round(1000 * max(0.0, float(time)))))
        return [
            self._framed("video", [values[int(i)] for i in np.searchsorted(every, each)], number)
            for each in shown
        ]

    def _framed(self, modality: Modality, values: Sequence[Array], number: int) -> Array:
        """What the `frames` graph makes of one or many, if the chain has one."""
        if "frames" not in roles_of(self._manifest, modality):
            return values[0]
        return self._run(
            self._graph(modality, "frames"), {"frames": np.stack(values)[None]}, number
        )

    def _joined(self, sources: Sequence[Source], number: int, moment: int = 0) -> Array:
        given = join.laid(self._manifest, sources, self._how)
        return self._run("join", given, number, moment)

    def _run(
        self, name: str, given: Mapping[str, NDArray[Any]], number: int, moment: int = 0
    ) -> Array:
        """The one output of a graph, without its first axis."""
        drawn = join.drawn(self._manifest, name, self._how, number, moment)
        [value] = self._engine.run(name, {**given, **drawn}, self._cancel).values()
        return value[0]

    def _graph(self, modality: Modality, role: Role) -> str:
        """The name of the graph of that role in a chain."""
        names = chains(self._manifest.conditioners)[modality]
        return names[roles_of(self._manifest, modality).index(role)]


def _silent(done: int, total: int) -> None:
    pass


def fitted(heard: Array, known: AudioConditioner | Classifier) -> Array:
    """A sound at the rate that a bundle wants as [1, samples], cut and padded as it wants."""
    wanted = round(known.seconds * known.sample_rate)
    heard = heard[:wanted]
    return (np.pad(heard, (0, wanted - len(heard))) if known.pad else heard)[None]
