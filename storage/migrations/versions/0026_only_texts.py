"""One text for each occasion of a department, and one automatic reply without a keyword: the database sees to it.

Two people could make a second one at the same moment. The one that was used stays. A second text of an occasion is a
template without one from now on; a second reply is put out of use, under a keyword that nobody can write.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

_ONLY_FOR = (
    "CASE WHEN disabled = 0 AND occasion IS NOT NULL "
    "THEN occasion || ':' || CAST(COALESCE(department_id, 0) AS VARCHAR(20)) END"
)
_WORDLESS = "CASE WHEN keyword IS NULL THEN 1 END"
_template = sa.table("message_template", *map(sa.column, ("id", "occasion", "department_id", "disabled", "version")))
_reply = sa.table("auto_reply", *map(sa.column, ("id", "keyword", "disabled", "version")))


def upgrade() -> None:
    _let_texts_go()
    _let_replies_go()
    op.add_column("message_template", sa.Column("only_for", sa.String(40), sa.Computed(_ONLY_FOR)))
    op.create_index("uq_messagetemplate_only", "message_template", ["only_for"], unique=True)
    op.add_column("auto_reply", sa.Column("wordless", sa.SmallInteger(), sa.Computed(_WORDLESS)))
    op.create_index("uq_autoreply_wordless", "auto_reply", ["wordless"], unique=True)


def _let_texts_go() -> None:
    of = _template.c
    used = sa.select(of.id, of.occasion, of.department_id).where(of.disabled == 0, of.occasion.is_not(None))
    seen = set()
    for key, *place in op.get_bind().execute(used.order_by(of.id)).all():
        if tuple(place) in seen:
            op.execute(_template.update().where(of.id == key).values(occasion=None, version=of.version + 1))
        seen.add(tuple(place))


def _let_replies_go() -> None:
    of = _reply.c
    wordless = sa.select(of.id).where(of.keyword.is_(None)).order_by(of.disabled, of.id)
    for key in list(op.get_bind().scalars(wordless))[1:]:
        # A keyword that was typed has letters and digits only.
        op.execute(
            _reply.update().where(of.id == key).values(keyword=f"double-{key}", disabled=1, version=of.version + 1)
        )
