"""Tables of what a sensor of motion measured."""

import numpy as np
import pytest

from hearsight.errors import MediaError
from hearsight.signals import read_signal

TABLE = np.random.default_rng(0).standard_normal((40, 6))


def write(path, table, header=""):
    lines = [",".join(map(repr, map(float, row))) for row in table]
    path.write_text("\n".join([*([header] if header else []), *lines, ""]))
    return path


@pytest.mark.parametrize("samples", [40, None])
@pytest.mark.parametrize("turned", [False, True])
def test_rows_are_samples_or_channels(tmp_path, turned, samples):
    table = TABLE.T if turned else TABLE
    np.save(tmp_path / "a.npy", table)
    write(tmp_path / "a.csv", table)
    for name in ("a.npy", "a.csv"):
        found = read_signal(tmp_path / name, channels=6, samples=samples)
        np.testing.assert_array_equal(found, TABLE.T.astype(np.float32))


def test_a_square_table_has_a_row_for_each_sample(tmp_path):
    np.save(tmp_path / "a.npy", TABLE[:6])
    np.testing.assert_array_equal(
        read_signal(tmp_path / "a.npy", channels=6), TABLE[:6].T.astype(np.float32)
    )


def test_names_of_columns_and_empty_lines_are_passed_over(tmp_path):
    path = write(tmp_path / "a.csv", TABLE, "ax,ay,az,gx,gy,gz\n")
    assert read_signal(path, channels=6).shape == (6, 40)


@pytest.mark.parametrize(
    ("name", "content", "sentence"),
    [
        ("a.csv", b"1,2\n3\n", "as many numbers in every row"),
        ("a.csv", b"a,b\n1,x\n", "row 2 holds what is no number"),
        ("a.csv", b"ax,ay\n", "as many numbers in every row"),
        ("a.csv", b"1,2\n3,4\n", r"has the shape \[2, 2\], and 40 samples of 6 channels"),
        ("a.csv", b"\xff\xfe", "cannot be read as a .csv table"),
        ("a.npy", b"rubbish", "cannot be read as a .npy table"),
        ("a.txt", b"1,2\n", "save it as .npy or .csv"),
        ("a.csv", b"", "is empty"),
        ("a.npy", b"\x89PNG\r\n\x1a\n", "is no table of a sensor: give it as image"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, name, content, sentence):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(MediaError, match=sentence):
        read_signal(tmp_path / name, channels=6, samples=40)


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1e300])
def test_values_that_are_not_numbers_are_refused(tmp_path, wrong):
    table = TABLE.copy()
    table[3, 2] = wrong
    np.save(tmp_path / "a.npy", table)
    with pytest.raises(MediaError, match="values that are not numbers"):
        read_signal(tmp_path / "a.npy", channels=6)


def test_code_in_a_file_is_not_run(tmp_path):
    np.save(tmp_path / "a.npy", np.array([[print]], dtype=object), allow_pickle=True)
    with pytest.raises(MediaError, match=r"cannot be read as a \.npy table"):
        read_signal(tmp_path / "a.npy", channels=1)
