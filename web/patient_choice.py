"""Which patients a request means: by id, or those of the patients' list as it is filtered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from callcenter.administration.resources import read_list_query
from callcenter.errors import InvalidError
from callcenter.text import N_
from web.exchange import Exchange

MOST_AT_ONCE = 1000


async def chosen_patients(
    exchange: Exchange, patient_ids: Sequence[int] | None, fields: Mapping[str, str] | None
) -> tuple[list[int], bool]:
    """Their ids, at most ``MOST_AT_ONCE``, and whether the filter finds more.

    ``fields`` are those of the list's address. Raises ``InvalidError`` unless exactly one of the two is given, and for
    a filter that finds nobody.
    """
    if (patient_ids is None) == (fields is None):
        message = N_("Say which patients: by id, or by a filter.")
        raise InvalidError(message, {"patient_ids": message})
    if patient_ids is not None:
        return list(patient_ids), False
    ids, more = await exchange.services.patients.ids(exchange.principal, read_list_query(fields or {}), MOST_AT_ONCE)
    if not ids:
        message = N_("No patients match this filter.")
        raise InvalidError(message, {"filter": message})
    return list(ids), more
