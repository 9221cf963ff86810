"""Checkpoints are read without running anything, and damaged ones say where they break off."""

import functools
import http.server
import json
import os
import pickle
import subprocess
import sys
import threading
import zipfile
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from hearsight_export.checkpoints import (
    CheckpointError,
    below,
    looks_like,
    read_folder,
    read_tensors,
)
from hearsight_export.hub import locate

STATE = {f"layer.{i}.weight": torch.full((40, 50), float(i)) for i in range(20)}


def same(found, wanted=STATE):
    return list(found) == list(wanted) and all(torch.equal(found[n], wanted[n]) for n in wanted)


@pytest.mark.parametrize("zipped", [True, False])
@pytest.mark.parametrize(
    "content",
    [STATE, {"state_dict": STATE, "epoch": 3}, {"model": STATE, "args": {"lr": 0.1, "name": "x"}}],
)
def test_a_pickle_gives_its_state_dict(tmp_path, content, zipped):
    torch.save(content, tmp_path / "a.ckpt", _use_new_zipfile_serialization=zipped)
    assert same(read_tensors(tmp_path / "a.ckpt"))


def test_safetensors_alone_and_in_shards(tmp_path):
    save_file(STATE, tmp_path / "whole.safetensors")
    assert {n: float(t[0, 0]) for n, t in read_tensors(tmp_path / "whole.safetensors").items()} == {
        f"layer.{i}.weight": i for i in range(20)
    }
    names = list(STATE)
    shards = {"a.safetensors": names[:7], "b.safetensors": names[7:]}
    for file, own in shards.items():
        save_file({name: STATE[name] for name in own}, tmp_path / file)
    index = tmp_path / "model.safetensors.index.json"
    places = {name: file for file, own in shards.items() for name in own}
    index.write_text(json.dumps({"weight_map": places}))
    assert same(read_tensors(index))
    (tmp_path / "b.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"layer\.7\.weight should be in b\.safetensors"):
        read_tensors(index)
    index.write_text(json.dumps({"weight_map": {"x": "../whole.safetensors"}}))
    with pytest.raises(CheckpointError, match="must name the file beside it"):
        read_tensors(index)


class Command:
    def __reduce__(self):
        return (os.system, (f"touch {Command.mark}",))


def test_a_pickle_that_wants_to_run_something_is_refused_and_nothing_runs(tmp_path):
    Command.mark = tmp_path / "ran"
    torch.save({"state_dict": STATE, "hook": Command()}, tmp_path / "bad.ckpt")
    with pytest.raises(CheckpointError, match=r"wants to run \w+\.system .* nothing of a check"):
        read_tensors(tmp_path / "bad.ckpt")
    assert not Command.mark.exists()


@pytest.mark.parametrize("share", [0.25, 0.5, 0.9])
def test_a_half_downloaded_pickle_names_the_tensor_it_breaks_off_at(tmp_path, share):
    whole = tmp_path / "whole.ckpt"
    torch.save({"state_dict": STATE}, whole)
    raw = whole.read_bytes()
    (tmp_path / "half.ckpt").write_bytes(raw[: int(len(raw) * share)])
    with pytest.raises(CheckpointError, match="is incomplete: ") as refusal:
        read_tensors(tmp_path / "half.ckpt")
    # The 2000 values of tensor i follow each other in the file.
    at = int(20 * share * len(raw) / (20 * 8000 + 5000))
    assert any(
        f"layer.{i}.weight was expected with 2000 values" in str(refusal.value)
        for i in (at - 1, at)
    )


def test_half_downloaded_safetensors_name_the_first_tensor_that_is_not_there(tmp_path):
    save_file(STATE, tmp_path / "whole.safetensors")
    raw = (tmp_path / "whole.safetensors").read_bytes()
    header = 8 + int.from_bytes(raw[:8], "little")
    listed = json.loads(raw[8:header])
    cut = header + 8000 * 11 + 5
    (tmp_path / "half.safetensors").write_bytes(raw[:cut])
    first = next(n for n, t in listed.items() if t["data_offsets"][0] == 8000 * 11)
    with pytest.raises(CheckpointError, match=f"{first} was expected to end at byte"):
        read_tensors(tmp_path / "half.safetensors")
    (tmp_path / "stub.safetensors").write_bytes(raw[:100])
    with pytest.raises(CheckpointError, match="ends after 100 bytes, before the list"):
        read_tensors(tmp_path / "stub.safetensors")


@pytest.mark.parametrize(
    ("name", "raw", "said"),
    [
        ("a.ckpt", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        ("a.safetensors", b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS pointer"),
        ("a.ckpt", b"<!doctype html>", "is no checkpoint"),
        ("a.ckpt", b"", "is no checkpoint"),
        ("a.ckpt", b"PK\x03\x04", "the list of its tensors was expected first"),
        ("a.pt", b"\x80\x02}q\x00", "damaged"),
        ("a.safetensors", b"\x02\0\0\0\0\0\0\0[]", "no safetensors file"),
    ],
)
def test_what_is_no_checkpoint_is_told_from_one(tmp_path, name, raw, said):
    (tmp_path / name).write_bytes(raw)
    with pytest.raises(CheckpointError, match=said) as refusal:
        read_tensors(tmp_path / name)
    assert "weights_only" not in str(refusal.value)


@pytest.mark.filterwarnings("error")
def test_a_torchscript_archive_is_told_from_a_state_dict(tmp_path):
    with zipfile.ZipFile(tmp_path / "ViT-B-32.pt", "w") as archive:
        for name in ("data.pkl", "constants.pkl", "code/__torch__.py", "version"):
            archive.writestr(f"ViT-B-32/{name}", b"\x80\x02}q\x00.")
    with pytest.raises(CheckpointError, match="TorchScript archive, which is a program") as refusal:
        read_tensors(tmp_path / "ViT-B-32.pt")
    assert "save its state_dict" in str(refusal.value)


def test_pytorchs_advice_to_trust_a_file_is_not_passed_on(tmp_path):
    (tmp_path / "a.pt").write_bytes(b"\x80\x02\x93.")  # an operation that it does not carry out
    with pytest.raises(pickle.UnpicklingError, match="weights_only"):
        torch.load(tmp_path / "a.pt", weights_only=True)
    with pytest.raises(CheckpointError) as refusal:
        read_tensors(tmp_path / "a.pt")
    assert "weights_only" not in str(refusal.value)


def test_of_several_state_dicts_none_is_guessed(tmp_path):
    torch.save({"generator": STATE, "critic": STATE}, tmp_path / "two.pt")
    with pytest.raises(CheckpointError, match=r"several state dicts \(generator, critic\)"):
        read_tensors(tmp_path / "two.pt")
    torch.save([1, 2], tmp_path / "list.pt")
    with pytest.raises(CheckpointError, match="holds no state dict"):
        read_tensors(tmp_path / "list.pt")


def test_a_folder_without_a_part_names_its_first_tensor_and_where_it_should_be(tmp_path):
    (tmp_path / "unet").mkdir()
    save_file(STATE, tmp_path / "unet" / "diffusion_pytorch_model.safetensors")
    assert len(read_folder(tmp_path, "unet", "x")) == 20
    with pytest.raises(
        CheckpointError, match=r"vocoder has no weights: .* conv_pre\.weight \[8\], ex"
    ):
        read_folder(tmp_path, "vocoder", "conv_pre.weight [8]")
    with pytest.raises(CheckpointError) as refusal:
        read_folder(tmp_path, "", "conv_pre.weight [8]")
    assert str(refusal.value) == (
        f"{tmp_path} has no weights: the first tensor that is missing is conv_pre.weight [8], "
        "expected in diffusion_pytorch_model.safetensors or model.safetensors."
    )


def test_families_are_told_by_their_names():
    assert looks_like(["model.diffusion_model.film_emb.weight"]) == "AudioLDM"
    assert looks_like(["x", "cond_stage_model.transformer.text_model.a"]) == "Stable Diffusion"
    assert looks_like(["x"]) == ""
    assert list(below({"a.b": STATE, "a.": STATE, "c": STATE}, "a.")) == ["b", ""]


def test_a_hub_id_is_not_fetched_unasked(tmp_path):
    assert locate(str(tmp_path), False, print) == tmp_path
    with pytest.raises(CheckpointError, match="add --download"):
        locate("nobody/nothing", False, print)
    with pytest.raises(CheckpointError, match="does not exist"):
        locate(str(tmp_path / "missing.ckpt"), True, print)


class Hub(http.server.BaseHTTPRequestHandler):
    """The pages of a model hub that a download needs, for files given by name."""

    commit = "0123456789abcdef0123456789abcdef01234567"

    def __init__(self, files, *args):
        self.files = files
        super().__init__(*args)

    def do_HEAD(self):
        self.do_GET()

    def do_GET(self):
        path = self.path.partition("?")[0]
        if path == f"/api/models/owner/small/tree/{self.commit}":
            tree = [
                {"type": "file", "path": name, "size": len(raw), "oid": f"{len(raw):040x}"}
                for name, raw in self.files.items()
            ]
            self.answer(200, json.dumps(tree).encode(), "application/json")
            return
        if path.startswith("/api/models/owner/small"):
            listed = [{"rfilename": n, "size": len(b)} for n, b in self.files.items()]
            page = {"id": "owner/small", "sha": self.commit, "siblings": listed}
            page |= {"cardData": {"license": "cc-by-nc-sa-4.0"}}
            self.answer(200, json.dumps(page).encode(), "application/json")
            return
        raw = self.files.get(path.removeprefix(f"/owner/small/resolve/{self.commit}/"))
        self.answer(404 if raw is None else 200, raw or b"", "application/octet-stream")

    def answer(self, status, raw, kind):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(raw)))
        self.send_header("ETag", f'"{hash(raw) & 0xFFFFFFFF:08x}"')
        self.send_header("X-Repo-Commit", self.commit)
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(raw)

    def log_message(self, *_):
        pass


def test_a_download_tells_size_and_licence_first_and_leaves_doubled_pickles(tmp_path):
    files = {
        "model_index.json": b"{}",
        "unet/diffusion_pytorch_model.safetensors": b"s" * 3_000_000,
        "unet/diffusion_pytorch_model.bin": b"p" * 4_000_000,
        "unet/diffusion_pytorch_model.fp16.safetensors": b"h" * 100,
        "vocoder/pytorch_model.bin": b"v" * 1_000_000,
        "sample.wav": b"w" * 100,
    }
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Hub, files))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    code = "import sys; from hearsight_export.hub import locate; print(locate('owner/small', True, "
    code += "lambda line: print(line, file=sys.stderr)))"
    settings = {
        "HF_ENDPOINT": f"http://127.0.0.1:{server.server_port}",
        "HF_HOME": str(tmp_path),
        "HF_HUB_OFFLINE": "0",
        "HF_HUB_DISABLE_XET": "1",
    }
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env=os.environ | settings | {"PYTHONPATH": os.pathsep.join(sys.path)},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    server.shutdown()
    assert ran.returncode == 0, ran.stderr
    assert "owner/small: 3 files, 4.0 MB, licence cc-by-nc-sa-4.0" in ran.stderr
    place = Path(ran.stdout.strip())
    taken = {p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file()}
    assert taken == {
        "model_index.json",
        "unet/diffusion_pytorch_model.safetensors",
        "vocoder/pytorch_model.bin",
    }
    assert (place / "vocoder/pytorch_model.bin").read_bytes() == files["vocoder/pytorch_model.bin"]
