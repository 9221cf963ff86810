"""A text to the CLIP vector of the picture that it describes: CLIP's text tower and the prior."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from ..clip.towers import ClipText
from ..graphs import LOOP_TOLERANCE, Part
from ..weights import MisfitError
from .prior import CANDIDATES, Prior

__all__ = ["Described", "text_part"]


class Described(nn.Module):
    """Token ids, int64 [1, L], to a unit vector [1, D].

    `noise` is standard normal, [evaluations, candidates, D]: its first row is where the
    candidates begin.
    """

    def __init__(self, text: ClipText, prior: Prior) -> None:
        super().__init__()
        self.text, self.prior = text, prior
        width, places = text.model.config.hidden_size, text.model.config.max_position_embeddings
        wanted = prior.net.null_text_embed.shape[1:]
        if (places, width) != tuple(wanted) or text.model.config.projection_dim != wanted[1]:
            raise MisfitError(
                f"CLIP's text tower has {places} places of {width} values and vectors of "
                f"{text.model.config.projection_dim}; net.null_text_embed {[1, *wanted]} wants "
                f"{wanted[0]} places and {wanted[1]} values in both."
            )

    def forward(self, ids: Tensor, noise: Tensor) -> Tensor:
        said = self.text.model(input_ids=ids)
        ends = (ids == self.text.model.config.eos_token_id).long()
        kept = (ends.cumsum(dim=1) - ends) == 0  # up to the first end mark
        states = torch.where(kept[..., None], said.last_hidden_state, 0.0)
        vector = F.normalize(said.text_embeds, dim=-1)
        fresh = torch.cat((noise[1:], torch.zeros_like(noise[:1])))
        return self.prior(states, vector, noise[0], fresh)


def text_part(described: Described) -> Part:
    """The graph `text`; it iterates inside."""
    config = described.text.model.config
    pick = torch.Generator().manual_seed(5)
    evaluations = len(described.prior.times)

    def said(length: int) -> dict[str, Tensor]:
        ids = torch.randint(0, config.bos_token_id, (1, length), generator=pick)
        ids[0, 0], ids[0, -1] = config.bos_token_id, config.eos_token_id
        noise = torch.randn(evaluations, CANDIDATES, config.projection_dim, generator=pick)
        return {"ids": ids, "noise": noise}

    return Part(
        "text",
        described,
        said(min(9, config.max_position_embeddings - 1)),
        {"ids": {1: "L"}},
        {"embed": (1, config.projection_dim)},
        samples=[said(2), said(config.max_position_embeddings)],
        tolerance=LOOP_TOLERANCE,
    )
