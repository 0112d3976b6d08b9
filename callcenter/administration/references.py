"""What fields of several records refer to."""

from __future__ import annotations

from callcenter.administration.fields import Reference
from storage.models import AgentGroup, Department, Patient, PhoneLine, Role, Skill, UserAccount

DEPARTMENTS = Reference("departments", Department)
USERS = Reference("users", UserAccount, "display_name")
ROLES = Reference("roles", Role)
PATIENTS = Reference("patients", Patient)
LINES = Reference("lines", PhoneLine)
GROUPS = Reference("groups", AgentGroup)
SKILLS = Reference("skills", Skill)
