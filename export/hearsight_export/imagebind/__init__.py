"""ImageBind: six kinds of prompt as vectors of one space (Girdhar et al. 2023)."""
