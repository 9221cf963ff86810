"""The middle and below: moving through takes, hearing, seeing and cutting them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from hearsight import Heard

from ..audition import Audition
from ..edits import checked, samples_of
from ..entry import Edit, Entry
from ..news import News, Search
from ..parts import regarded
from ..peaks import Peaks
from ..pictures import Proxy, Thumbnail
from ..projector import Projector
from ..seam import check_sound, seam_jump_db
from ..session import Session
from ..views.detail import DetailView
from ..views.finding import ResultsPanel
from ..views.keys import Act
from ..views.takes_model import TakesModel

__all__ = ["Listening"]

_CLICK_DB = 12.0  # above the sound's own steps; see `seam_jump_db`


class Listening(QObject):
    """Between the takes, the player and the picture."""

    told = Signal(object)
    """`News`."""
    wanted = Signal(object, list)
    """An `Act` that is about files or settings, and takes."""

    def __init__(
        self,
        session: Session,
        audition: Audition,
        projector: Projector,
        model: TakesModel,
        panel: ResultsPanel,
        detail: DetailView,
    ) -> None:
        super().__init__(panel)
        self._session, self._audition, self._projector = session, audition, projector
        self._model, self._panel, self._detail = model, panel, detail
        self._sound: tuple[Entry, NDArray[np.float32], int] | None = None
        self._play_when_heard: float | None = None  # from where in the original, -1 for on
        self._stood: float | None = None  # while a seam is heard: where it was before
        self._looping = False
        self._proxy: Proxy | None = None
        self._video: Path | None = None
        self._still: tuple[Path, tuple[Heard, ...]] | None = None
        self._listen()
        detail.transport.show_audition(session.preferences.audition)
        detail.transport.show_volume(session.preferences.volume)
        audition.set_volume(session.preferences.volume)

    @property
    def video(self) -> Path | None:
        """The video that the chosen take is played against."""
        return self._video

    def act(self, act: Act, ids: list[str]) -> None:
        """Do what a key or a menu asks for."""
        entries = self._session.chosen(ids)
        if act is Act.PLAY:
            self._audition.toggle() if self._is_heard(ids) else self._play(ids, -1)
        elif act is Act.REPLAY:
            self._play(ids, entries[0].edit.start if entries else 0.0)
        elif act is Act.STAR:
            self._session.star(ids)
        elif act is Act.REJECT:
            self._session.reject(ids)
        elif act is Act.LOOP:
            self._loop(not self._looping)
        elif act is Act.AUTO_AUDITION:
            self._auto_play(not self._session.preferences.audition)
        elif act in (Act.MARK_IN, Act.MARK_OUT, Act.FADE):
            self._detail.waveform.act(act)
        else:
            self.wanted.emit(act, ids)

    def _listen(self) -> None:
        session, model, view, detail = self._session, self._model, self._panel.view, self._detail
        session.listed.connect(self._list)
        session.put.connect(self._put)
        session.gone.connect(model.remove)
        session.stale.connect(self._stale)
        session.finisher.heard.connect(self._heard)
        session.finisher.shown.connect(self._shown)
        session.finisher.sketched.connect(self._sketched)
        session.finisher.noted.connect(self._note)
        session.finisher.failed.connect(self._not_heard)
        model.shape_wanted.connect(self._sketch)
        model.renamed.connect(session.rename)
        self._panel.searched.connect(self._search)
        self._panel.emptied.connect(session.empty_bin)
        view.chosen.connect(self._choose)
        view.auditioned.connect(self._auto)
        view.asked.connect(self.act)
        view.refused.connect(self._refuse)
        view.dragged.connect(session.use)
        view.selectionModel().selectionChanged.connect(self._show_files)
        for picture in (detail.waveform, detail.spectrogram):
            picture.asked.connect(self._asked_of_picture)
            picture.sought.connect(self._seek)
        detail.waveform.trimmed.connect(self._trim)
        detail.waveform.faded.connect(self._fade)
        detail.waveform.looped.connect(self._set_region)
        detail.transport.play_asked.connect(self._play_or_stop)
        detail.transport.looping_asked.connect(self._loop)
        detail.transport.audition_asked.connect(self._auto_play)
        detail.transport.seam_asked.connect(self._check_seam)
        detail.transport.volume_asked.connect(self._set_volume)
        detail.delivery.renamed.connect(self._rename)
        detail.delivery.levelled.connect(self._level)
        detail.delivery.handle.refused.connect(self._refuse)
        self._audition.moved.connect(self._moved)
        self._audition.changed.connect(self._changed)
        self._audition.failed.connect(self._fail)
        self._projector.loaded.connect(self._show_video)
        self._projector.thumbnailed.connect(self._show_still)

    def _entry(self) -> Entry | None:
        return self._session.entry(self._panel.view.current_id())

    def _is_heard(self, ids: list[str]) -> bool:
        return self._sound is not None and ids[:1] == [self._sound[0].id]

    def _list(self, entries: list[Entry]) -> None:
        everything = self._panel.filter() == "all" and not self._panel.words()
        self._model.show_entries(entries, pending=everything)

    def _search(self, words: str, kind: str) -> None:
        self._session.search(Search(words, kind == "starred", kind == "bin"))

    def _put(self, entry: Entry) -> None:
        before = self._model.entry(self._model.index_of(entry.id))
        self._model.set_entry(entry)
        if before and before.edit != entry.edit:
            self._model.forget_shape(entry.id)
        if entry.id == self._panel.view.current_id():
            self._detail.show_entry(entry)
            self._show_files()
            if self._sound and self._sound[0].edit != entry.edit:
                self._session.finisher.listen(entry, self._session.delivery)
            else:
                self._show_seam()
        elif before is None and not self._panel.view.current_id():
            self._panel.view.choose(entry.id)  # the first sound of all is at hand at once

    def _stale(self, id: str, stale: bool) -> None:
        self._model.set_stale(id, stale)
        self._show_files()

    def _choose(self, id: str) -> None:
        entry = self._session.entry(id)
        if entry is None:
            self._sound = None
            self._detail.clear()
            self._audition.unload()
            self._watch(None)
            return
        self._detail.show_entry(entry)
        self._session.finisher.show(entry, self._session.delivery)
        self._watch(entry)
        self._show_files()

    def _auto(self, id: str) -> None:
        if self._session.preferences.audition:
            self._play([id], -1)

    def _play(self, ids: list[str], at: float) -> None:
        """Play a take from a place in it, or (-1) on from where the playhead stands."""
        if self._is_heard(ids):
            self._audition.play(None if at < 0 else at)
        elif ids:
            self._play_when_heard = at
            if self._panel.view.current_id() != ids[0]:
                self._panel.view.choose(ids[0])

    def _play_or_stop(self) -> None:
        self.act(Act.PLAY, [self._panel.view.current_id()])

    def _heard(self, entry: Entry, audio: NDArray[np.float32], rate: int) -> None:
        if entry.id != self._panel.view.current_id():
            return
        self._sound = entry, audio, rate
        stood, self._stood = self._stood, None
        region, offset = entry.edit.loop, entry.edit.start
        self._audition.load(audio, rate, offset=offset, region=region, at=stood)
        wanted, self._play_when_heard = self._play_when_heard, None
        if wanted is not None and not (self._audition.playing and wanted < 0):
            self._audition.play(None if wanted < 0 else wanted)
        self._show_seam()

    def _shown(self, id: str, peaks: Peaks, rate: int, levels: NDArray[np.uint8]) -> None:
        if id == self._panel.view.current_id():
            self._detail.show_sound(peaks, rate, levels)

    def _note(self, id: str, words: str) -> None:
        if id == self._panel.view.current_id():
            self._detail.delivery.show_notes(words)

    def _not_heard(self, id: str, _: str, what: str) -> None:
        if what == "sound" and id == self._panel.view.current_id():
            self._play_when_heard = None

    def _sketch(self, id: str) -> None:
        self._session.finisher.sketch(self._session.chosen([id]))

    def _sketched(self, id: str, columns: NDArray[np.float32]) -> None:
        if entry := self._session.entry(id):
            edit, count = checked(entry.edit, entry.seconds), len(columns)
            first = int(edit.start / entry.seconds * count)
            end = count if edit.end is None else round(edit.end / entry.seconds * count)
            self._model.set_shape(id, columns[first : max(end, first + 1)])

    def _moved(self, seconds: float) -> None:
        if self._stood is not None or self._sound is None:
            return
        entry = self._sound[0]
        self._detail.show_position(seconds, follow=self._audition.playing)
        if self._audition.playing:
            edit = checked(entry.edit, entry.seconds)
            end = entry.seconds if edit.end is None else edit.end
            share = (seconds - edit.start) / max(end - edit.start, 1e-6)
            self._model.set_playing(entry.id, min(max(share, 0.0), 1.0))
        if self._proxy:
            self._detail.picture.show_frame(self._proxy.frame_at(seconds - entry.edit.start))

    def _changed(self, playing: bool) -> None:
        self._detail.transport.show_playing(playing)
        if not playing:
            self._model.set_playing("")
            if self._stood is not None and self._sound:
                self._heard(*self._sound)

    def _seek(self, seconds: float) -> None:
        if self._sound:
            self._audition.seek(seconds)

    def _loop(self, looping: bool) -> None:
        self._looping = looping
        self._audition.set_looping(looping)
        self._detail.transport.show_looping(looping)

    def _auto_play(self, audition: bool) -> None:
        self._session.prefer(replace(self._session.preferences, audition=audition))
        self._detail.transport.show_audition(audition)

    def _set_volume(self, volume: float) -> None:
        self._audition.set_volume(volume)
        self._session.prefer(replace(self._session.preferences, volume=volume))

    def _trim(self, start: float, end: float) -> None:
        self._edit(start=start, end=end)

    def _fade(self, fade_in: float, fade_out: float) -> None:
        self._edit(fade_in=fade_in, fade_out=fade_out)

    def _set_region(self, region: tuple[float, float] | None) -> None:
        self._edit(loop=region)

    def _level(self, level: str, level_db: float) -> None:
        self._edit(level=level, level_db=level_db)

    def _edit(self, **changes: Any) -> None:
        if entry := self._entry():
            edit: Edit = replace(entry.edit, **changes)
            self._session.edit(entry.id, checked(edit, entry.seconds))

    def _rename(self, name: str) -> None:
        if entry := self._entry():
            self._session.rename(entry.id, name)

    def _asked_of_picture(self, act: Act) -> None:
        if id := self._panel.view.current_id():
            self.act(act, [id])

    def _region(self) -> tuple[int, int] | None:
        """First and last sample of the loop in what is heard."""
        if self._sound is None or self._sound[0].edit.loop is None:
            return None
        entry, audio, rate = self._sound
        assert entry.edit.loop, "it was looked at"
        first, end = (edge - entry.edit.start for edge in entry.edit.loop)
        return samples_of((first, end), rate, len(audio))

    def _show_seam(self) -> None:
        region = self._region()
        if region is None or self._sound is None:
            return
        jump = seam_jump_db(self._sound[1], self._sound[2], region)
        if jump == -np.inf:
            self._detail.transport.show_seam("Nothing jumps at the seam")
            return
        words = "a click may be heard" if jump > _CLICK_DB else "smooth"
        self._detail.transport.show_seam(f"Seam: {jump:+.0f} dB, {words}")

    def _check_seam(self) -> None:
        region = self._region()
        if region and self._sound:
            _, audio, rate = self._sound
            if self._stood is None:
                self._stood = self._audition.position
            self._audition.load(check_sound(audio, rate, region), rate, loops=False, at=0.0)
            self._audition.play(0.0)

    def _show_files(self) -> None:
        ids = self._panel.view.selected_ids() or [self._panel.view.current_id()]
        self._detail.delivery.show_files(*self._model.files(ids))

    def _watch(self, entry: Entry | None) -> None:
        """Show the video that a take was asked for with, else the picture that it is heard in."""
        video = entry and _video_of(entry)
        still = regarded(entry) if entry and not video else None
        if (video, still) == (self._video, self._still):
            return
        self._video, self._still, self._proxy = video, still, None
        self._detail.picture.show_frame(None)
        if video:
            self._projector.load(video)
            return
        self._projector.unload()
        if still:
            self._projector.look(still[0])

    def _show_video(self, video: Path, proxy: Proxy) -> None:
        if video == self._video:
            self._proxy = proxy
            self._moved(self._audition.position)
            for note in proxy.notes:
                self.told.emit(News("note", note))

    def _show_still(self, file: Path, picture: Thumbnail) -> None:
        if self._still and self._still[0] == file:
            self._detail.picture.show_parts(picture, self._still[1])

    def _refuse(self, why: str) -> None:
        self.told.emit(News("warning", why))

    def _fail(self, why: str) -> None:
        self._play_when_heard = None
        self.told.emit(News("error", why))


def _video_of(entry: Entry) -> Path | None:
    """The video that a take was asked for with, if it is still there."""
    for prompt in entry.request.prompts:
        if prompt.modality == "video" and (path := Path(prompt.value)).is_file():
            return path
    return None
