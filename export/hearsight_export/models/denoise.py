"""The denoise graph: guidance as a weighted sum, a solver step as four coefficients."""

from __future__ import annotations

from typing import Literal

from torch import Tensor, nn

__all__ = ["Denoise", "Prediction", "film_unet"]

Prediction = Literal["epsilon", "v", "sample", "flow"]


def film_unet(
    channels: int,
    levels: tuple[int, ...],
    heads: tuple[int, ...],
    condition: int,
    layers: int = 2,
) -> nn.Module:
    """AudioLDM's UNet from diffusers' class: the condition joins the time embedding.

    `levels` are the widths, the first without attention; `heads` the head count of each.
    The second attention of every transformer block sees the features themselves, because no
    encoder states are given (Liu et al. 2023, and the class's own rule for square widths).
    """
    from diffusers import UNet2DConditionModel

    deeper = len(levels) - 1
    return UNet2DConditionModel(
        in_channels=channels,
        out_channels=channels,
        block_out_channels=levels,
        down_block_types=("DownBlock2D", *("CrossAttnDownBlock2D",) * deeper),
        up_block_types=(*("CrossAttnUpBlock2D",) * deeper, "UpBlock2D"),
        layers_per_block=layers,
        # The class reads this argument as the number of heads, whatever its name says.
        attention_head_dim=heads,
        cross_attention_dim=levels,
        class_embed_type="simple_projection",
        projection_class_embeddings_input_dim=condition,
        class_embeddings_concat=True,
    )


class Denoise(nn.Module):
    """One row of a solver's table applied to a batch of latents.

    x, d_prev, noise: [B, C, T, F]; cond: [G*B, D] or [G*B, L, D], all variations of the first
    branch first: a vector joins the time embedding, a sequence is attended to; weights: [G];
    row: [7] = t, alpha, sigma, k_x, k_d, k_prev, k_noise.
    Returns x_next and d, the estimate of the clean latent, both [B, C, T, F].
    """

    def __init__(self, unet: nn.Module, prediction: Prediction) -> None:
        super().__init__()
        self.unet = unet
        self.prediction: Prediction = prediction

    def forward(
        self, x: Tensor, d_prev: Tensor, noise: Tensor, cond: Tensor, weights: Tensor, row: Tensor
    ) -> tuple[Tensor, Tensor]:
        t, alpha, sigma, k_x, k_d, k_prev, k_noise = row.unbind()
        batch, branches = x.shape[0], weights.shape[0]
        repeated = x[None].expand(branches, -1, -1, -1, -1).reshape(-1, *x.shape[1:])
        time = t.expand(cond.shape[0])
        vector, sequence = (cond, None) if cond.ndim == 2 else (None, cond)
        out = self.unet(repeated, time, encoder_hidden_states=sequence, class_labels=vector).sample
        out = out.reshape(branches, batch, *x.shape[1:])
        out = (out * weights[:, None, None, None, None]).sum(0)
        if self.prediction == "epsilon":
            d = (x - sigma * out) / alpha
        elif self.prediction == "v":
            d = alpha * x - sigma * out
        elif self.prediction == "flow":
            d = x - sigma * out
        else:
            d = out
        return k_x * x + k_d * d + k_prev * d_prev + k_noise * noise, d
