"""Text and vision guided Make-An-Audio: what stands between ImageBind and a sound (Tsai et al.)."""
