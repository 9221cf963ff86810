"""Make-An-Audio (Huang et al. 2023), from its checkpoints and those of its BigVGAN."""
