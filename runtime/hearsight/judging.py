"""Who chooses among candidates: a conditioner of any space that understands sounds and prompts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from .chains import chains, roles_of
from .conditioner import Conditioner, condition
from .errors import BundleError, RequestError
from .manifest import Manifest
from .parts import Span
from .request import Request
from .sampler import Cancel

__all__ = ["check_judge", "check_judged", "wanted_by"]


def check_judge(manifest: Manifest) -> None:
    """Whether a bundle can judge at all.

    Raises:
        BundleError: it does not understand sounds.
    """
    if "audio" not in chains(manifest.conditioners):
        raise BundleError(
            f"The bundle {manifest.name!r} does not understand sounds, so it cannot judge them; "
            "name a conditioner that does."
        )


def check_judged(request: Request, manifest: Manifest) -> None:
    """Whether a judge understands what a request asks for.

    Raises:
        RequestError: a prompt is of a kind that it does not understand.
    """
    known = chains(manifest.conditioners)
    for prompt in request.prompts:
        if not prompt.blank and prompt.modality not in known:
            raise RequestError(
                f"The judge {manifest.name!r} understands no {prompt.modality} prompts, only "
                f"{', '.join(known)}; judge with another bundle, or leave candidates at 1."
            )


def wanted_by(
    judge: Conditioner, request: Request, cancel: Cancel, spans: Sequence[Span | None]
) -> NDArray[np.float32] | None:
    """What each window of a sound should sound like in the judge's space [W, ...space].

    Prompts meet there as the judge's own bundle has it, and where it finds no parts in a picture
    it takes the whole; what a sound should not be like, and how strongly it is guided, are the
    generator's affairs.

    Raises:
        MediaError, RequestError, Cancelled: as `condition` does.
    """
    prompts = tuple(
        prompt
        if "detect" in roles_of(judge.manifest, prompt.modality)
        else replace(prompt, sources=())
        for prompt in request.prompts
    )
    plain = replace(request, prompts=prompts, negative="", guidance=1.0, mix="average", search=None)
    return condition(plain, [judge], None, _silent, cancel, spans).target


def _silent(stage: str, step: int, total: int) -> None:
    pass
