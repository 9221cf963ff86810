"""AudioLDM (Liu et al. 2023), from the original checkpoints and from diffusers' folders."""
