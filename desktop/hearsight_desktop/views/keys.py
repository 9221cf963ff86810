"""What keys ask for where results are heard and cut; text fields keep their keys."""

from __future__ import annotations

from enum import Enum

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent

__all__ = ["Act", "act_of", "keys_of", "number_of", "wants"]

_Key, _Mod = Qt.Key, Qt.KeyboardModifier


class Act(Enum):
    """What can be done with takes; the value is how menus call it."""

    PLAY = "Play or stop"
    REPLAY = "Play from the start"
    STAR = "Star"
    REJECT = "Reject"
    MORE_LIKE = "More like this"
    USE_SETTINGS = "Use these settings"
    LOCK_SEED = "Lock this seed"
    COPY = "Copy file"
    COPY_COMMAND = "Copy as command"
    REVEAL = "Show in folder"
    EXPORT = "Export…"
    RENAME = "Rename"
    LOOP = "Loop"
    MARK_IN = "Start here"
    MARK_OUT = "End here"
    FADE = "Fade"
    AUTO_AUDITION = "Play what is selected"


_KEYS: dict[tuple[Qt.Key, Qt.KeyboardModifier], Act] = {
    (_Key.Key_Space, _Mod.NoModifier): Act.PLAY,
    (_Key.Key_Space, _Mod.ShiftModifier): Act.REPLAY,
    (_Key.Key_S, _Mod.NoModifier): Act.STAR,
    (_Key.Key_X, _Mod.NoModifier): Act.REJECT,
    (_Key.Key_Delete, _Mod.NoModifier): Act.REJECT,
    (_Key.Key_Backspace, _Mod.NoModifier): Act.REJECT,
    (_Key.Key_L, _Mod.NoModifier): Act.LOOP,
    (_Key.Key_I, _Mod.NoModifier): Act.MARK_IN,
    (_Key.Key_O, _Mod.NoModifier): Act.MARK_OUT,
    (_Key.Key_F, _Mod.NoModifier): Act.FADE,
    (_Key.Key_A, _Mod.NoModifier): Act.AUTO_AUDITION,
    (_Key.Key_F2, _Mod.NoModifier): Act.RENAME,
    (_Key.Key_C, _Mod.ControlModifier): Act.COPY,
    (_Key.Key_E, _Mod.ControlModifier): Act.EXPORT,
    (_Key.Key_D, _Mod.ControlModifier): Act.USE_SETTINGS,
    (_Key.Key_L, _Mod.ControlModifier): Act.LOCK_SEED,
}


def act_of(event: QKeyEvent) -> Act | None:
    """What this key asks for, if anything."""
    return _KEYS.get((Qt.Key(event.key()), event.modifiers() & ~_Mod.KeypadModifier))


def number_of(event: QKeyEvent) -> int | None:
    """1 to 9, if this key is one of them."""
    plain = event.modifiers() & ~_Mod.KeypadModifier == _Mod.NoModifier
    number = event.key() - int(_Key.Key_0)
    return number if plain and 1 <= number <= 9 else None


def keys_of(act: Act) -> str:
    """The first key that asks for it, as menus write it; empty if there is none."""
    words = {_Key.Key_Space: "Space", _Key.Key_Delete: "Del", _Key.Key_F2: "F2"}
    for (key, modifier), asked in _KEYS.items():
        if asked is act:
            held = {_Mod.ShiftModifier: "Shift+", _Mod.ControlModifier: "Ctrl+"}.get(modifier, "")
            return held + (words.get(key) or chr(int(key)))
    return ""


def wants(event: QEvent | QObject) -> bool:
    """Whether this is the question, before shortcuts of the window are tried, if the focused
    widget wants a key of the table for itself; it does, or Space would press buttons."""
    return (
        isinstance(event, QKeyEvent)
        and event.type() == QEvent.Type.ShortcutOverride
        and (act_of(event) is not None or number_of(event) is not None)
    )
