"""Tables of what a sensor of motion measured."""

import tracemalloc

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
        ("a.csv", b"ax,ay\n", "holds no numbers"),
        ("a.csv", b"1,2\n3,x\n", "row 2 holds what is no number"),
        ("a.csv", b"1,x\n3,4\n", "row 1 holds what is no number"),
        ("a.csv", b"1,2\n\n3,x\n", "row 3 holds what is no number"),
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


def test_a_shape_that_is_not_there_takes_no_memory(tmp_path):
    head = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 6), }"
    content = b"\x93NUMPY\x01\x00v\x00" + head.ljust(117) + b"\n" + bytes(100)
    (tmp_path / "a.npy").write_bytes(content)
    with pytest.raises(MediaError, match=r"cannot be read as a \.npy table"):
        read_signal(tmp_path / "a.npy", channels=6)


@pytest.mark.parametrize("header", ["{'descr': '<f8', 'shape': (20, 6", "[1]", "(" * 9000])
def test_a_damaged_header_is_told(tmp_path, header):
    written = header.encode()
    size = len(written).to_bytes(2, "little")
    (tmp_path / "a.npy").write_bytes(b"\x93NUMPY\x01\x00" + size + written)
    with pytest.raises(MediaError, match=r"cannot be read as a \.npy table"):
        read_signal(tmp_path / "a.npy", channels=6)


def test_a_large_table_is_read_without_much_memory(tmp_path):
    with (tmp_path / "a.csv").open("w") as file:
        file.writelines("1,2,3,4,5,6\n" for _ in range(200_000))
    tracemalloc.start()
    found = read_signal(tmp_path / "a.csv", channels=6)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert found.shape == (6, 200_000)
    assert most < 5 * 8 * found.size


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
