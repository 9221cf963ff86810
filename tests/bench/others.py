"""What a user would run instead: PyTorch, ONNX Runtime and OpenVINO, as their documentation shows.

Libraries are imported by whoever plays with them, in its own process.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playing import PROMPT, SEED, Array, Case, Job, Row, Setting, Sound, prediction

__all__ = ["Compiled", "Diffusers", "OnnxRuntime", "OpenVino", "OpenVinoDefault"]

_IDS = np.array([[0, 4, 5, 6, 7, 8, 9, 10, 2]])  # of CLAP's text tower; any would do


class Diffusers:
    """AudioLDMPipeline in PyTorch, as its documentation shows; fp16 on a GPU."""

    compiled = False

    def __init__(self, job: Job) -> None:
        import torch
        from diffusers import AudioLDMPipeline, DDIMScheduler, DPMSolverMultistepScheduler

        torch.set_num_threads(job.threads)
        self._job = job
        self._torch = torch
        dtype = torch.float32 if job.device == "cpu" else torch.float16
        self._pipe = AudioLDMPipeline.from_pretrained(job.pipeline, torch_dtype=dtype)
        self._pipe.to(job.device)
        self._pipe.set_progress_bar_config(disable=True)
        config = self._pipe.scheduler.config
        self._schedulers = {
            "ddim": DDIMScheduler.from_config(config),
            "dpm++2m": DPMSolverMultistepScheduler.from_config(config),
        }
        self._listener: Any = None
        if self.compiled:
            self._pipe.unet.compile(dynamic=False)
            self._pipe.vae.decoder.compile(dynamic=False)
            self._pipe.vocoder.compile(dynamic=False)

    def unet(self, case: Case) -> Array:
        torch = self._torch
        with torch.no_grad():
            x, cond = self._tensor(case.x), self._tensor(case.cond)
            said = self._pipe.unet(
                torch.cat([x, x]),
                torch.tensor(int(case.t), device=self._job.device),
                encoder_hidden_states=None,
                class_labels=cond,
            ).sample
            without, towards = said.chunk(2)
            return (without + case.guidance * (towards - without)).float().cpu().numpy()

    def decode(self, case: Case) -> Array:
        with self._torch.no_grad():
            mel = self._pipe.decode_latents(self._tensor(case.latent))
            return self._pipe.mel_spectrogram_to_waveform(mel)[0].numpy()

    def sound(self, setting: Setting, row: Row) -> Sound:
        torch, pipe = self._torch, self._pipe
        if setting.candidates > 1 and self._listener is None:
            self._listener = self._listen()
        pipe.scheduler = self._schedulers[setting.solver]
        rows: list[float] = []

        def done(*_: Any) -> None:
            rows.append(time.perf_counter())
            row()

        start = time.perf_counter()
        made = pipe(
            PROMPT,
            audio_length_in_s=self._job.seconds,
            num_inference_steps=setting.steps,
            guidance_scale=setting.guidance,
            num_waveforms_per_prompt=setting.candidates,
            eta=setting.eta,
            generator=torch.Generator().manual_seed(SEED),
            callback=done,
        ).audios
        if setting.candidates > 1:
            self._best(made)
        # The first row has no beginning that could be seen; it is taken to be as long as the rest.
        loop = (rows[-1] - rows[0]) * len(rows) / max(1, len(rows) - 1)
        return Sound(time.perf_counter() - start, loop, len(rows))

    def ran_in(self, part: str) -> str | None:
        return None

    def _tensor(self, values: Array) -> Any:
        return self._torch.from_numpy(values).to(self._job.device, self._pipe.unet.dtype)

    def _listen(self) -> Any:
        from transformers import ClapAudioModelWithProjection

        from hearsight_export.clap.audio import ClapAudio

        tower = ClapAudioModelWithProjection.from_pretrained(self._job.listener)
        return ClapAudio(tower).eval().to(self._job.device)

    def _best(self, made: Array) -> Array:
        """The candidate that CLAP finds most like the prompt, as upstream picks it."""
        torch, device = self._torch, self._job.device
        with torch.no_grad():
            told = self._pipe._encode_prompt(PROMPT, device, 1, False).float()
            heard = self._listener(torch.from_numpy(made).to(device))
            return made[int((heard @ told[0]).argmax())]


class Compiled(Diffusers):
    """The same, its networks through torch.compile."""

    compiled = True


class Graphs:
    """The bundle's graphs, run as the documentation of a library shows, and a plain loop."""

    def __init__(self, job: Job) -> None:
        from hearsight.bundle import open_bundle

        self._job = job
        self._bundle = open_bundle(job.bundle)
        self._open: dict[str, Any] = {}

    def load(self, path: Path) -> Any:
        """A graph, ready to run."""
        raise NotImplementedError

    def play(self, graph: Any, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        """Its outputs."""
        raise NotImplementedError

    def unet(self, case: Case) -> Array:
        return self._run("denoise", prediction(case))[0]

    def decode(self, case: Case) -> Array:
        return self._run("decode", {"latent": case.latent})[0][0]

    def sound(self, setting: Setting, row: Row) -> Sound:
        from hearsight import schedule
        from hearsight.decoder import latent_shape, tile

        manifest = self._bundle.manifest
        start = time.perf_counter()
        told = self._run("text", {"ids": _IDS, "mask": np.ones_like(_IDS)})[0]
        cond = np.concatenate((self._bundle.tensor(manifest.space.empty)[None], told))
        shape, _ = latent_shape(manifest, tile(manifest, self._job.seconds).frames)
        random = np.random.default_rng(SEED)
        x = random.standard_normal((1, *shape), np.float32)
        d = nothing = np.zeros_like(x)
        table = schedule.rows(manifest.schedule, setting.solver, setting.steps, setting.eta)
        begun = time.perf_counter()
        for values in table:
            inputs = {
                "x": x,
                "d_prev": d,
                "noise": random.standard_normal(x.shape, np.float32) if values[-1] else nothing,
                "cond": cond,
                "weights": np.array([1 - setting.guidance, setting.guidance], np.float32),
                "row": values.astype(np.float32),
            }
            x, d = self._run("denoise", inputs)
            row()
        loop = time.perf_counter() - begun
        self._run("decode", {"latent": x})
        return Sound(time.perf_counter() - start, loop, len(table))

    def ran_in(self, part: str) -> str | None:
        return None

    def _run(self, name: str, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        if name not in self._open:
            variants = self._bundle.manifest.graphs[name].variants
            precision = "fp32" if self._job.device == "cpu" else "fp16"
            self._open[name] = self.load(self._bundle.path(variants[precision]))
        return self.play(self._open[name], inputs)


class OnnxRuntime(Graphs):
    """ONNX Runtime with its default options, but for the threads; its CUDA provider on a GPU."""

    def load(self, path: Path) -> Any:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = self._job.threads
        if self._job.device == "cuda":
            onnxruntime.preload_dlls()
        provider = "CPU" if self._job.device == "cpu" else "CUDA"
        return onnxruntime.InferenceSession(
            path, options, providers=[f"{provider}ExecutionProvider"], enable_fallback=0
        )

    def play(self, graph: Any, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return graph.run(None, dict(inputs))


class OpenVinoDefault(Graphs):
    """OpenVINO in the precision that it picks for this processor."""

    hints: Mapping[str, Any] = {}

    def load(self, path: Path) -> Any:
        from hearsight.telemetry import openvino

        settings = {"INFERENCE_NUM_THREADS": self._job.threads, **self.hints}
        return openvino().Core().compile_model(path, "CPU", settings).create_infer_request()

    def play(self, graph: Any, inputs: Mapping[str, NDArray[Any]]) -> list[NDArray[Any]]:
        return [value.copy() for value in graph.infer(dict(inputs)).values()]


class OpenVino(OpenVinoDefault):
    """OpenVINO in float32."""

    hints: Mapping[str, Any] = {"INFERENCE_PRECISION_HINT": "f32"}
