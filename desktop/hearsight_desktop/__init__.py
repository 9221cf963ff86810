"""The desktop app: drop a picture, audition four sounds, drag the right one into the DAW."""
