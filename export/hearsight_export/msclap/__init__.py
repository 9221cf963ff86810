"""CLAP 2022 of Microsoft: texts and sounds as vectors of one space (Elizalde et al. 2022)."""
