"""SSV2A: pictures and their parts, texts and sounds, heard together in CLAP's space."""
