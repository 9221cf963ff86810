"""EchoFrame: the frames of a video as one vector of CLAP's space."""
