"""A small model trained on sounds, captions and pictures that this package makes by itself."""
