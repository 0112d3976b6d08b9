"""Which messages a person may see: for list, one, commands, export and events alike."""

from __future__ import annotations

from sqlalchemy import ColumnElement, or_, select, true

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from storage.models import Conversation, Patient, SmsMessage
from storage.models.base import table_of

_MESSAGE = table_of(SmsMessage).c


def message_scope(principal: Principal, permission: str = "messages.view") -> ColumnElement[bool]:
    """The condition on ``sms_message`` for what ``permission`` lets ``principal`` reach.

    - own: what one wrote, what one's patients are written or write, and what is said in conversations given to one;
    - department: also that of the department's patients and conversations;
    - all: every message.

    Raises ``NotAllowedError`` without the permission.
    """
    scope = principal.require(permission)
    if scope is Scope.ALL:
        return true()
    patient, talk = Patient.doctor_id == principal.user_id, Conversation.assigned_to == principal.user_id
    if scope is Scope.DEPARTMENT and principal.department_id is not None:
        patient = or_(patient, Patient.department_id == principal.department_id)
        talk = or_(talk, Conversation.department_id == principal.department_id)
    return or_(
        _MESSAGE.created_by == principal.user_id,
        select(Patient.id).where(Patient.id == _MESSAGE.patient_id, patient).correlate(SmsMessage).exists(),
        select(Conversation.id).where(Conversation.id == _MESSAGE.conversation_id, talk).correlate(SmsMessage).exists(),
    )
