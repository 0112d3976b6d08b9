"""What pages ask for and which rights that takes."""

from __future__ import annotations

from callcenter.administration.permissions import Scope
from callcenter.administration.principal import Principal
from web.greeting import permission_for, topics_for


def test_a_page_is_given_the_topics_that_its_person_may_hear_each_with_its_permission() -> None:
    person = Principal(1, "a", "", None, dict.fromkeys(("calls.view", "calls.listen", "lines.view"), Scope.OWN))
    wanted = "calls my_lines agents  listeners line-test/7 nonsense"
    assert topics_for(person, wanted) == "calls:calls.view my_lines:lines.view listeners:calls.listen"


def test_every_topic_takes_a_permission_and_nothing_else_is_a_topic() -> None:
    assert permission_for("line-test/12") == "lines.test"
    assert [permission_for(topic) for topic in ("", "line-test/", "line-test/0", "secrets", "CALLS")] == [None] * 5
