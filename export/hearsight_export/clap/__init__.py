"""LAION's CLAP: texts and sounds as vectors of one space (Wu et al. 2023)."""
