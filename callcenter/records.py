"""Every declared record of the product with its service, in one place."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from twisted.internet.interfaces import IReactorTime

from callcenter.administration.departments import department_resource
from callcenter.administration.groups import group_resource, skill_resource
from callcenter.administration.outcomes import outcome_resource
from callcenter.administration.passwords import Passwords
from callcenter.administration.resource_service import ResourceService
from callcenter.administration.roles import role_resource
from callcenter.administration.sign_in import SignIn
from callcenter.administration.users import user_resource
from callcenter.crm.patient_resource import patient_resource
from callcenter.crm.patients import PatientService
from callcenter.messaging.texts.templates import auto_reply_resource, phrase_resource, template_resource
from callcenter.servicedesk.articles import article_resource
from callcenter.talking.scripts import script_resource
from storage.database import Database


class Records(Mapping[str, ResourceService]):
    """Name of a resource → its service: users, roles, departments, outcomes, groups, skills, texts of SMS, scripts,
    articles, patients.

    ``patients`` also has what only patients have.
    """

    def __init__(
        self, database: Database, clock: IReactorTime, sign_in: SignIn, passwords: Passwords, area_code: str = ""
    ) -> None:
        resources = (
            department_resource(),
            role_resource(sign_in.rights_changed),
            user_resource(passwords, sign_in.rights_changed),
            outcome_resource(),
            group_resource(),
            skill_resource(),
            template_resource(),
            phrase_resource(),
            auto_reply_resource(),
            script_resource(),
            article_resource(),
        )
        self.patients = PatientService(patient_resource(clock, area_code), database, clock, area_code)
        services = {one.name: ResourceService(one, database, clock) for one in resources}
        self._services = MappingProxyType(services | {"patients": self.patients.records})

    def __getitem__(self, name: str) -> ResourceService:
        return self._services[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._services)

    def __len__(self) -> int:
        return len(self._services)
