"""What the preferences mean: how sounds are played, and how their files are delivered."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from hearsight import RequestError, RunPrecision

from .delivery import DEFAULT, DELIVERIES, Delivery
from .naming import TEMPLATE, Naming, checked_naming, checked_take_template
from .preferences import Preferences
from .runner import Playing

__all__ = ["delivery_of", "playing_of"]


def delivery_of(chosen: Preferences) -> Delivery:
    """How files are delivered; plainly named while the parts of other names do not fit."""
    form = replace(DELIVERIES.get(chosen.delivery, DEFAULT), embed=chosen.embed)
    if not chosen.category:
        return form
    naming = Naming("ucs", chosen.category, creator=chosen.creator, source=chosen.source)
    try:
        return replace(form, naming=checked_naming(naming))
    except RequestError:  # while it is being typed
        return form


def playing_of(chosen: Preferences) -> Playing:
    """How jobs are played; with the usual names while the template makes none."""
    template = chosen.naming or TEMPLATE
    try:
        checked_take_template(template)
    except RequestError:
        template = TEMPLATE
    return Playing(
        device=chosen.device,
        precision=cast(RunPrecision, chosen.precision) or None,
        delivery=delivery_of(chosen),
        template=template,
    )
