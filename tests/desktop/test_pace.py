from hearsight_desktop.pace import Pace


def test_says_nothing_before_there_is_a_pace():
    pace = Pace()
    assert pace.seconds_left("denoise", 0, 50, 100.0) is None
    assert pace.seconds_left("denoise", 1, 50, 100.2) is None


def test_counts_from_the_first_step_it_heard_of():
    pace = Pace()
    pace.seconds_left("denoise", 1, 11, 100.0)
    assert pace.seconds_left("denoise", 6, 11, 110.0) == 10.0
    assert pace.seconds_left("denoise", 11, 11, 120.0) == 0.0


def test_another_stage_or_another_job_begins_anew():
    pace = Pace()
    pace.seconds_left("denoise", 0, 10, 0.0)
    assert pace.seconds_left("denoise", 5, 10, 5.0) == 5.0
    assert pace.seconds_left("decode", 1, 4, 6.0) is None
    pace.seconds_left("denoise", 9, 10, 50.0)
    assert pace.seconds_left("denoise", 0, 10, 60.0) is None
