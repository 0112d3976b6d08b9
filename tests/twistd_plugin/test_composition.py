"""What callcenter.toml says reaches those whom it is for."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from callcenter.administration.attempts import AttemptLimits
from callcenter.administration.sessions import SessionLimits
from callcenter.config import Settings, parse
from twistd_plugin.composition import site_settings
from twistd_plugin.hospital import attempt_limits, session_limits
from web.settings import PRODUCT, SiteSettings


def settings(text: str = "") -> Settings:
    return parse(text, Path("/etc/huifang/callcenter.toml"), {}).settings


def test_an_empty_file_means_the_defaults_of_the_parts() -> None:
    site = site_settings(settings())
    assert (site.sockets_per_user, site.session_days) == (SiteSettings().sockets_per_user, SiteSettings().session_days)
    assert session_limits(settings()) == SessionLimits()
    assert attempt_limits(settings()) == AttemptLimits()


def test_limits_of_sessions_and_sockets_are_the_configured_ones() -> None:
    chosen = settings("[web]\nsession_days = 2\nsession_idle_hours = 3\nsockets_per_user = 4\n")
    assert session_limits(chosen) == SessionLimits(absolute=timedelta(days=2), idle=timedelta(hours=3))
    assert (site_settings(chosen).session_days, site_settings(chosen).sockets_per_user) == (2, 4)


def test_limits_of_wrong_passwords_are_the_configured_ones() -> None:
    chosen = attempt_limits(
        settings(
            "[web.sign_in]\nfree_failures = 3\nfirst_pause_seconds = 60\nlongest_pause_minutes = 4\n"
            "free_failures_per_address = 200\n"
        )
    )
    assert [chosen.per_user.closed_for(failures).total_seconds() for failures in (3, 4, 5, 6, 9)] == [
        0,
        60,
        120,
        240,
        240,
    ]
    assert not chosen.per_address.closed_for(200)
    assert chosen.per_address.closed_for(201)


def test_the_site_is_called_as_the_configuration_says() -> None:
    assert site_settings(settings('[hospital]\nname = "第一人民医院"\n')).hospital == "第一人民医院"
    assert site_settings(settings()).hospital == PRODUCT
