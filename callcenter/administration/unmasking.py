"""Changes sent by somebody who was shown masks: what comes back masked is what it was."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from callcenter.administration.disclosure import restored
from callcenter.administration.principal import Principal
from callcenter.administration.resources import Resource
from callcenter.administration.values import too_long
from callcenter.errors import InvalidError
from callcenter.text import N_


def resolve_masks(resource: Resource, principal: Principal, before: Mapping[str, Any], values: dict[str, Any]) -> None:
    """Put the present values in for the masks in ``values``.

    Raises InvalidError for a text that is too long with its numbers, and what the resource's own hook raises.
    """
    resource.hooks.resolve(principal, before, values)
    if resource.hooks.reveals(principal, before):
        return
    texts = restored(values, before)
    limits = {name: resource.by_name[name].max_length for name in texts}
    wrong = {name: too_long(limits[name]) for name, text in texts.items() if len(text) > limits[name]}
    if wrong:
        raise InvalidError(N_("Some values are not valid."), wrong)
    values |= texts
