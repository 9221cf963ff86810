"""What prompts are, in words and pictograms."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["KINDS", "Kind"]


@dataclass(frozen=True)
class Kind:
    """One kind of prompt.

    glyph: its pictogram. pictured: whether its file can be shown as a picture. spoken: whether it
    has to be said what it is, for what is shown looks like something else.
    """

    word: str
    plural: str
    glyph: str
    pictured: bool = False
    spoken: bool = False


KINDS = {
    "text": Kind("text", "texts", "text"),
    "image": Kind("picture", "pictures", "picture", pictured=True),
    "video": Kind("video", "videos", "video", pictured=True),
    "audio": Kind("sound", "sounds", "sound"),
    "depth": Kind("depth picture", "depth pictures", "picture", pictured=True, spoken=True),
    "thermal": Kind("thermal picture", "thermal pictures", "picture", pictured=True, spoken=True),
    "imu": Kind("IMU signal", "IMU signals", "sound", spoken=True),
}
