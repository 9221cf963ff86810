"""Which prompts of a request become a condition of their own, and which meet before that."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .chains import chains, roles_of
from .errors import RequestError
from .join import rows
from .request import Modality, Prompt, Request

if TYPE_CHECKING:
    from .manifest import Manifest

__all__ = ["Group", "groups", "spoken"]


@dataclass(frozen=True)
class Group:
    """Prompts that become one condition.

    player: place of the bundle that hears them. prompts: their places among those `spoken`.
    weight: of the condition. against: it is the negative prompt's.
    """

    player: int
    prompts: tuple[int, ...]
    weight: float = 1.0
    against: bool = False


def spoken(request: Request) -> list[Prompt]:
    """The prompts of a request that say something, the negative one last."""
    negative = Prompt("text", request.negative)
    return [prompt for prompt in (*request.prompts, negative) if not prompt.blank]


def groups(request: Request, players: Sequence[Manifest]) -> list[Group]:
    """How the prompts of a request become conditions, in their order, the negative one last.

    The first player that understands a prompt hears it. Prompts whose chain ends in the join of
    one player meet there, unless the request guides towards each in a branch of its own.

    Raises:
        RequestError: nobody understands a prompt, or what is asked for cannot be done with those
            that meet.
    """
    prompts = spoken(request)
    positive = sum(not prompt.blank for prompt in request.prompts)
    found: list[Group] = []
    joined: dict[int, int] = {}  # player to the place of its group
    for place, prompt in enumerate(prompts):
        player = _able(players, prompt.modality)
        against = place >= positive
        meets = roles_of(players[player], prompt.modality)[-1] == "join"
        if meets and not against and request.mix != "branches" and player in joined:
            old = found[joined[player]]
            weight = old.weight + prompt.weight
            found[joined[player]] = Group(player, (*old.prompts, place), weight)
            continue
        if meets and not against:
            joined[player] = len(found)
        found.append(Group(player, (place,), prompt.weight, against))
    for each in found:
        together = [prompts[place] for place in each.prompts]
        for problem in _problems(players[each.player], together):
            raise RequestError(problem)
    _check_search(
        request, [(players[m.player], prompts[p].modality) for m in found for p in m.prompts]
    )
    return found


def _able(players: Sequence[Manifest], modality: Modality) -> int:
    for place, player in enumerate(players):
        if modality in chains(player.conditioners):
            return place
    known = {m for player in players for m in chains(player.conditioners)}
    raise RequestError(
        f"No loaded bundle understands {modality} prompts"
        + (f", only {', '.join(sorted(known))}" if known else "")
        + "; load a conditioner bundle of the same space for it."
    )


def _problems(player: Manifest, together: Sequence[Prompt]) -> Iterator[str]:
    """What cannot be done with prompts that meet, or with one alone."""
    join, many = player.join, len(together) > 1
    for prompt in together:
        if not prompt.sources:
            continue
        if "detect" not in roles_of(player, prompt.modality):
            yield (
                f"{player.name!r} finds no parts in pictures, so there are none to weigh in "
                f"{prompt.value}: leave sources out."
            )
        if many and join and join.whole:
            yield (
                f"{player.name!r} takes pictures beside other prompts as a whole, so there are no "
                f"parts to weigh in {prompt.value}: leave sources out, or the other prompts."
            )
    if not many:
        return
    for prompt in together:
        if prompt.weight < 0:
            yield (
                f"{player.name!r} joins its prompts, and the weight of {prompt.value!r} is "
                f"{prompt.weight:g}: give it as a negative prompt, or use mix branches."
            )
    assert join, "only prompts that meet in a join are several"
    listed = {m for each in join.inputs if each.fill == "list" for m in each.takes}
    in_rows = [prompt for prompt in together if prompt.modality in listed]
    weighs = any(spec.name == "weights" for spec in player.graphs["join"].inputs)
    if not weighs and any(prompt.weight != 1 for prompt in in_rows):
        yield (
            f"{player.name!r} cannot weigh its prompts against each other: leave their weights "
            "out, or use mix branches."
        )
    if listed and len(in_rows) > rows(player):
        yield (
            f"{len(in_rows)} prompts are too many for {player.name!r}, which has room for "
            f"{rows(player)}: leave some out, or use mix branches."
        )


def _check_search(request: Request, heard: Sequence[tuple[Manifest, Modality]]) -> None:
    if request.search is None:
        return
    for player, modality in heard:
        if "join" in roles_of(player, modality) and player.join and player.join.search:
            return
    raise RequestError(
        "None of the bundles that hear these prompts searches for its condition: leave search out "
        "(--cycle-its, --cycle-samples, --var-samples)."
    )
