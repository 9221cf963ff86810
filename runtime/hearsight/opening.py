"""Opening a bundle's graphs: the right library, tensors as the manifest lists them, outputs near
enough to the golden ones, and what to say when one cannot be opened or run."""

from __future__ import annotations

from pathlib import Path

from .bundle import Bundle
from .errors import BundleError, DeviceError, HearsightError
from .external import check_external
from .golden import distance
from .manifest import TensorSpec
from .roles import role_of
from .routes import Route, Routes
from .sampler import Cancel
from .sessions import OnnxSession, Session

__all__ = ["LEAST_SNR_DB", "Opener"]

LEAST_SNR_DB = 20.0
"""A graph that comes less near to its golden outputs in bf16 runs in fp32."""

_MOST_TOLD = 500  # characters of what a library says, which may list every node
_NO_MEMORY = ("out of memory", "failed to allocate", "bad_alloc", "bad allocation")


class Opener:
    """Opens the graphs of one bundle, one at a time.

    losses: SNR in dB of the graphs that were opened in less than fp32, by name.

    Args:
        bundle: whose graphs.
        routes: of its graphs; told of those that bf16 does not suit.
        threads: of one graph's run on the processor; None lets the library decide.
    """

    def __init__(self, bundle: Bundle, routes: Routes, threads: int | None) -> None:
        self._bundle = bundle
        self._routes = routes
        self._threads = threads
        self.losses: dict[str, float] = {}

    def open(
        self, name: str, route: Route, cancel: Cancel | None, *, traced: bool = False
    ) -> Session:
        """Open a graph; `traced` if `Session.placement` will be asked.

        Raises:
            Cancelled: while its golden inputs ran.
            BundleError: it cannot be opened, has other tensors than the manifest lists, or was
                compiled to something that computes something else.
            DeviceError: memory does not suffice.
        """
        graph = self._routes.graph(name)
        if not route.compiled:
            check_external(route.path, self._routes.variant(name, route.precision))
        try:
            if route.choice.device == "openvino":
                session = self._with_openvino(name, route, cancel)
            else:
                session = OnnxSession(
                    route.path,
                    route.choice,
                    hot=graph.hot,
                    threads=self._threads,
                    texts=role_of(name, graph) == "tokenize",
                    compiled=route.compiled,
                    profiles=self._routes.profiles(name) if route.compiled else (),
                    traced=traced,
                )
            _compare(session.inputs, graph.inputs, route.path)
            _compare(session.outputs, graph.outputs, route.path)
            if route.compiled:
                self._prove(name, session, cancel)
        except HearsightError:
            raise
        except Exception as problem:
            raise self.failure(route, name, "opened", problem, cancel) from problem
        if route.precision not in ("fp32", "bf16"):
            known = [told.snr_db for told in graph.parity if told.precision == route.precision]
            self.losses |= {name: min(known)} if known else {}
        return session

    def failure(
        self, route: Route, name: str, verb: str, problem: Exception, cancel: Cancel | None
    ) -> BundleError | DeviceError:
        """What to raise when a graph cannot be `opened` or `run` for whatever a library says.

        Raises:
            Cancelled: that was why.
        """
        if cancel:
            cancel.raise_if()
        text = " ".join(str(problem).split()).rstrip(".")[:_MOST_TOLD]
        if isinstance(problem, MemoryError) or any(mark in text.lower() for mark in _NO_MEMORY):
            return DeviceError(
                f'Memory does not suffice for the graph "{name}" of the bundle '
                f'"{self._bundle.manifest.name}" on {route.choice.provider}: ask for a shorter '
                f"sound, close other programs, or use another device. ({text})"
            )
        if route.compiled:
            return BundleError(
                f"{route.path} cannot be {verb}: {text}. `runtime-cli engines clean --all` "
                "deletes what was compiled; it is built anew when needed."
            )
        library = "OpenVINO" if route.choice.device == "openvino" else "ONNX Runtime"
        return BundleError(
            f"{route.path} cannot be {verb}: {text}. If `runtime-cli bundles verify` finds "
            f"it intact, the bundle does not suit this version of {library}."
        )

    def _prove(self, name: str, session: Session, cancel: Cancel | None) -> None:
        """Compare a compiled graph that was taken in with the bundle's golden tensors, once.

        Raises:
            BundleError: it is too far from them.
        """
        preparation = self._routes.preparation
        if not (preparation and preparation.unproven(name)):
            return
        found = distance(
            self._bundle,
            name,
            lambda inputs: session.run(inputs, cancel),
            within=self._routes.profiles(name),
        )
        if found and (flaw := preparation.prove(name, found.snr_db)):
            raise BundleError(flaw)

    def _with_openvino(self, name: str, route: Route, cancel: Cancel | None) -> Session:
        """A session in bf16 if that suits the graph, measured the first time it is opened."""
        from .openvino import OpenVinoSession

        graph, threads = self._routes.graph(name), self._threads
        session = OpenVinoSession(route.path, graph, precision=route.precision, threads=threads)
        if route.precision != "bf16" or name in self.losses:
            return session
        found = distance(self._bundle, name, lambda inputs: session.run(inputs, cancel))
        if found and found.snr_db < LEAST_SNR_DB:
            self._routes.keep_exact(name)
            return OpenVinoSession(route.path, graph, precision="fp32", threads=threads)
        self.losses |= {name: found.snr_db} if found else {}
        return session


def _compare(found: tuple[TensorSpec, ...], listed: tuple[TensorSpec, ...], path: Path) -> None:
    """Refuse a graph whose tensors are not those of the manifest.

    An axis that the manifest calls free must be free; ONNX may leave more open than is told.
    """
    nodes = {node.name: node for node in found}
    if nodes.keys() != {spec.name for spec in listed}:
        raise BundleError(
            f"{path} has the tensors {', '.join(nodes)} where the manifest lists "
            f"{', '.join(spec.name for spec in listed)}."
        )
    for spec in listed:
        node = nodes[spec.name]
        clash = len(node.shape) != len(spec.shape) or any(
            isinstance(real, int) and real != told
            for real, told in zip(node.shape, spec.shape, strict=False)
        )
        if node.dtype != spec.dtype or clash:
            raise BundleError(
                f'{path}: "{spec.name}" is {node.dtype} {list(node.shape)} where the manifest '
                f"says {spec.dtype} {list(spec.shape)}."
            )
