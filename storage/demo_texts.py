"""Texts for the SMS of an invented hospital: templates, phrases, and answers that are ready but switched off."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import AutoReply, Department, MessageTemplate, Phrase

TEMPLATES = (
    # name, purpose, department, disease, text
    (
        "复诊提醒",
        "reminder",
        "",
        "",
        "{patient.name}您好，请按医嘱于近日来院复诊，来院前可提前预约。{hospital}",
    ),
    (
        "出院一周问候",
        "care",
        "",
        "",
        "{patient.name}您好，您出院已一周，恢复得怎么样？如有不适请回复本短信。{hospital}",
    ),
    (
        "用药提醒",
        "care",
        "",
        "",
        "{patient.name}您好，请继续按时服药，不要自行停药或加量；有不适请回复本短信。",
    ),
    (
        "满意度调查",
        "care",
        "",
        "",
        "感谢您在{hospital}就诊。请回复 1 到 5 分评价我们的服务，5 分为非常满意。",
    ),
    (
        "停诊通知",
        "notice",
        "",
        "",
        "{patient.name}您好，您预约的门诊因故停诊，请回复本短信或致电我院改约。{hospital}",
    ),
    (
        "伤口护理",
        "reply",
        "骨科",
        "骨折",
        "{patient.name}您好，伤口请保持干燥，两天换一次药；如红肿加重、发热请及时来院。",
    ),
    (
        "血压记录",
        "reply",
        "心内科",
        "高血压",
        "{patient.name}您好，请每天早晚各量一次血压并记下来，复诊时带来。{doctor.name}",
    ),
)
PHRASES = (
    ("问候", "您好，我是您的主管医生。"),
    ("问候", "收到，谢谢您的反馈。"),
    ("就诊", "请携带身份证、医保卡和既往病历。"),
    ("就诊", "门诊时间为周一至周六 8:00–17:00。"),
    ("安全", "如出现胸痛、呼吸困难等情况，请立即拨打 120。"),
)
AUTO_REPLIES = (
    ("地址", "{hospital}欢迎您，具体位置和乘车路线请见我院公众号。"),
    (None, "您好，现在不是值班时间，我们会在上班后尽快回复。紧急情况请拨打 120。{hospital}"),
)


def seed_demo_texts(session: Session) -> int:
    """Add the texts unless there are some; how many were added."""
    if session.scalar(select(MessageTemplate.id).limit(1)) is not None:
        return 0
    departments = {name: key for key, name in session.execute(select(Department.id, Department.name))}
    session.add_all(
        MessageTemplate(
            name=name, purpose=purpose, department_id=departments.get(department), disease=disease, text=text,
            disabled=False,
        )
        for name, purpose, department, disease, text in TEMPLATES
    )  # fmt: skip
    session.add_all(Phrase(category=category, text=text, disabled=False) for category, text in PHRASES)
    session.add_all(AutoReply(keyword=keyword, text=text, disabled=True) for keyword, text in AUTO_REPLIES)
    session.flush()
    return len(TEMPLATES) + len(PHRASES) + len(AUTO_REPLIES)
