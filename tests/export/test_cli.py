"""The export commands fail early and in one sentence."""

import pytest
import typer
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
    "imagebind": (),
    "expa": ("--imagebind", "owner/eye"),
    "expb": ("--imagebind", "owner/eye"),
    "msclap": ("--tokenizer", "owner/words"),
    "ssv2a": (),
    "bigvgan": ("--into", "owner/bundle"),
}
OF_ONNX = {
    "classifier": ("--sample-rate", 8000, "--seconds", 1, "--activation", "none"),
    "detector": ("--into", "owner/bundle"),
}


def export(*arguments):
    result = CliRunner().invoke(cli.app, [str(argument) for argument in arguments])
    assert result.exception
    raise result.exception


@pytest.mark.parametrize("command", [*COMMANDS, *OF_ONNX])
def test_a_command_looks_where_it_writes_before_it_looks_for_the_checkpoint(command, tmp_path):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "a.txt").write_text("keep")
    asked = (command, "owner/missing", *(COMMANDS | OF_ONNX)[command], "-o")
    with pytest.raises(OutputError, match="cannot be called"):
        export(*asked, tmp_path / "Two Words")
    with pytest.raises(OutputError, match="is there already and is no bundle"):
        export(*asked, tmp_path / "mine")
    if command in COMMANDS:
        with pytest.raises(RequestError, match='no precision "fp8"'):
            export(*asked, tmp_path / "out", "--precisions", "fp8")
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]


@pytest.mark.parametrize("command", ["make-an-audio", "msclap"])
def test_word_pieces_are_asked_for_before_a_checkpoint_is_read(command, tmp_path):
    vocoder = ("--vocoder", "owner/voice") if command == "make-an-audio" else ()
    asked = [command, "owner/missing", *vocoder, "-o", str(tmp_path / "out")]
    result = CliRunner().invoke(cli.app, asked)
    assert result.exit_code == 2 and "bert-base-uncased" in result.stderr


@pytest.mark.parametrize("name", sorted(typer.main.get_command(cli.app).commands))
def test_the_help_shows_all_that_is_written(name):
    """In brackets it would be taken for a style, and left out."""
    command = typer.main.get_command(cli.app).commands[name]
    written = [command.help, *(parameter.help or "" for parameter in command.params)]
    assert not [text for text in written if "[" in text]


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
