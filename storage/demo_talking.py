"""A demo's call scripts and articles. Invented: no hospital's own words, and no advice to anybody."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from storage.models import Article, CallScript
from storage.queries.terms import initials_of

_VISIT_ZH = (
    "您好，请问是{patient.name}吗？我是{hospital}的{agent.name}，想了解一下您出院后的恢复情况，"
    "大约需要三分钟，现在方便吗？\n\n本次通话可能会被录音。"
)
_VISIT_EN = (
    "Hello, am I speaking with {patient.name}? This is {agent.name} from {hospital}. I would like to ask how you have "
    "been since you left us. It takes about three minutes; is this a good time?\n\nThis call may be recorded."
)
_BACK_ZH = "您好，{patient.name}，我是{hospital}的{agent.name}，按约定的时间给您回电话。"
_BACK_EN = "Hello {patient.name}, this is {agent.name} from {hospital}, calling back as agreed."
_TAKEN_ZH = "您好，{hospital}，我是{agent.name}，请问有什么可以帮您？"
_TAKEN_EN = "Hello, this is {agent.name} at {hospital}. How can I help you?"

# name, direction, Chinese, English
SCRIPTS = (
    ("接听", "in", _TAKEN_ZH, _TAKEN_EN),
    ("出院回访", "out", _VISIT_ZH, _VISIT_EN),
    ("预约回拨", "out", _BACK_ZH, _BACK_EN),
)

# type, title, content
ARTICLES = (
    ("就诊", "门诊时间", "周一至周五 08:00–12:00、13:30–17:00；周六上午 08:00–12:00。节假日以公众号通知为准。"),
    ("就诊", "预约挂号方式", "公众号、自助机、电话均可预约七天内的号源。当日请带身份证或医保卡，提前三十分钟取号。"),
    ("就诊", "来院路线与停车", "地铁二号线医院站 C 口步行三分钟。地下停车场入口在东门，前三十分钟免费。"),
    ("住院", "出院后如何复印病历", "出院七个工作日后，凭患者身份证到病案室（门诊楼一层）办理；委托他人的另带委托书。"),
    ("住院", "出院带药怎么取", "出院当日凭出院小结到住院药房取药。用药方法请以医嘱为准，有疑问转接药师。"),
    ("费用", "医保报销与发票", "住院费用出院时直接结算；外地参保患者请先办理异地就医备案。电子发票可在公众号中下载。"),
)


def seed_demo_talking(session: Session) -> None:
    """Add them to a hospital that has none."""
    if session.scalar(select(CallScript.id).limit(1)) is None:
        session.add_all(
            CallScript(name=name, direction=direction, position=place, text_zh=chinese, text_en=english, disabled=False)
            for place, (name, direction, chinese, english) in enumerate(SCRIPTS, 1)
        )
    if session.scalar(select(Article.id).limit(1)) is None:
        session.add_all(
            Article(type=kind, title=title, initials=initials_of(title), content=content, disabled=False)
            for kind, title, content in ARTICLES
        )
