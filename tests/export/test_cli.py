"""The export commands fail early and in one sentence."""

import pytest
from typer.testing import CliRunner

from hearsight.errors import OutputError, RequestError
from hearsight_export import cli

COMMANDS = {
    "audioldm": (),
    "make-an-audio": ("--vocoder", "owner/voice", "--tokenizer", "owner/words"),
    "clap": (),
    "clip": (),
    "ciap": (),
    "echoframe": ("--clip", "owner/eye"),
}


def export(*arguments):
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    assert result.exception
    raise result.exception


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_looks_where_it_writes_before_it_looks_for_the_checkpoint(command, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("keep")
    asked = (command, "owner/missing", *COMMANDS[command], "-o")
    with pytest.raises(OutputError, match="cannot be called"):
        export(*asked, tmp_path / "Two Words")
    with pytest.raises(OutputError, match="is there already and is no bundle"):
        export(*asked, tmp_path / "mine")
    with pytest.raises(RequestError, match='no precision "fp8"'):
        export(*asked, tmp_path / "out", "--precisions", "fp8")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


def test_what_the_system_refuses_is_one_sentence_and_an_output_error(tmp_path, capsys, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    asked = ["starter", "-o", str(tmp_path / "out"), "--work", str(tmp_path / "file" / "work")]
    monkeypatch.setattr("sys.argv", ["hearsight-export", *asked])
    with pytest.raises(SystemExit) as ended:
        cli.main()
    assert ended.value.code == OutputError.exit_code
    said = capsys.readouterr().err
    assert said.startswith(f"Error: {tmp_path / 'file' / 'work'} cannot be used")
    assert said.count("\n") == 1
