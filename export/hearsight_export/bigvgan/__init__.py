"""BigVGAN: mel spectrograms to sound (Lee et al. 2023; NVIDIA/BigVGAN, versions 1 and 2)."""
