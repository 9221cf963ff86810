"""Pieces of a mel: every frame once, and enough around each."""

from hypothesis import given
from hypothesis import strategies as st

from hearsight.pieces import count, pieces


@given(st.integers(1, 20000), st.integers(0, 60))
def test_pieces_cover_every_frame_once_with_its_surroundings(frames, reach):
    found = list(pieces(frames, reach))
    assert len(found) == count(frames, reach)
    assert [piece.start for piece in found] == [0, *(piece.end for piece in found[:-1])]
    assert found[-1].end == frames
    assert len({piece.last - piece.first for piece in found}) == 1
    for piece in found:
        assert 0 <= piece.first <= max(0, piece.start - reach)
        assert min(frames, piece.end + reach) <= piece.last <= frames


@given(st.integers(1, 10**6), st.integers(0, 60))
def test_a_piece_is_bounded_and_little_is_run_twice(frames, reach):
    found = list(pieces(frames, reach))
    run = found[0].last - found[0].first
    assert run <= 26 * max(reach, 16)
    assert len(found) == 1 or sum(piece.last - piece.first for piece in found) < frames * 1.2
