"""The settings of gateways in words: none lacks them, no words are of what is no setting."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from hardware.gateways.drivers import MODELS
from hardware.gateways.settings import GatewayKind
from protocols.http_sms.presets import Preset
from web.catalogues import load_translations
from web.gateway_inputs import GatewayKindForm, Setting, read_options, sent_options
from web.gateway_setting_words import CHOICES, OWN_WORDS, WORDS, words_for

BESIDE = {"name", "kind", "trace"}


def form_of(kind: GatewayKind) -> GatewayKindForm:
    model = MODELS[kind]
    options = [name for name in model.model_fields if name not in BESIDE]
    secrets = [name for name in options if "SecretStr" in str(model.model_fields[name].annotation)]
    return GatewayKindForm(kind.value, model.model_json_schema(), options, secrets)


def inputs_of(kind: GatewayKind, **values: Any) -> list[Setting]:
    return form_of(kind).inputs(values, (), load_translations("zh_CN").gettext)


def settings() -> Iterator[tuple[str, str]]:
    for kind, model in MODELS.items():
        for name, field in model.model_fields.items():
            if name not in BESIDE | {"own"}:
                yield kind.value, name
            elif name == "own":
                (own,) = [one for one in field.annotation.__args__ if one is not type(None)]  # type: ignore[union-attr]
                yield from ((kind.value, f"own.{inner}") for inner in own.model_fields)


@pytest.mark.parametrize(("kind", "name"), list(settings()))
def test_every_setting_has_a_name_and_says_what_is_written_there(kind: str, name: str) -> None:
    words = words_for(kind, name)
    assert words is not None
    assert words.label
    assert words.help


def test_no_words_are_of_what_is_no_setting() -> None:
    found = {id(words_for(kind, name)) for kind, name in settings()}
    stale = [name for name, words in {**WORDS, **OWN_WORDS}.items() if id(words) not in found]
    assert not stale
    known = {name for _, name in settings()}
    assert set(CHOICES) <= known


@pytest.mark.parametrize("kind", MODELS)
def test_what_is_chosen_is_chosen_by_words(kind: GatewayKind) -> None:
    for one in inputs_of(kind):
        if one.choices:
            assert one.name in CHOICES
            assert {choice.code for choice in one.choices} <= set(CHOICES[one.name]), one.name
            assert all(choice.label for choice in one.choices)


def test_every_word_for_a_choice_can_be_chosen() -> None:
    offered: dict[str, set[str]] = {}
    for kind in MODELS:
        for one in inputs_of(kind):
            offered.setdefault(one.name, set()).update(choice.code for choice in one.choices)
    assert {name: set(words) for name, words in CHOICES.items()} == {name: offered[name] for name in CHOICES}


def test_providers_are_called_as_people_know_them() -> None:
    (preset,) = [one for one in inputs_of(GatewayKind.HTTP) if one.name == "preset"]
    labels = {choice.code: choice.label for choice in preset.choices}
    assert set(labels) == set(Preset)
    assert "56短信网" in labels["sms56_a"]
    assert "sms.aspx 系列" in labels["sms_aspx"]
    assert labels["linkws"] == "LinkWS"
    assert not any("_" in label for label in labels.values())


def test_what_cannot_be_otherwise_is_not_asked() -> None:
    assert "window" not in {one.name for one in inputs_of(GatewayKind.GSM)}
    assert "window" in {one.name for one in inputs_of(GatewayKind.SMPP)}


def test_a_provider_of_ones_own_is_filled_in_and_read_again() -> None:
    own = {"fields": {"to": "{numbers}", "msg": "{text}"}, "accepted": "OK", "codes": {"7": {"refusal": "never"}}}
    inputs = inputs_of(GatewayKind.HTTP, preset="custom", own=own)
    shown = {f"o-{one.name}": one.value for one in inputs if not one.flag}
    assert shown["o-own.fields"] == "to = {numbers}\nmsg = {text}"
    assert shown["o-own.codes"] == "7 = never"
    typed = read_options(shown | {"o-url": "http://x/"}, inputs)
    made = MODELS[GatewayKind.HTTP].model_validate(
        {"name": "x"} | {name: value for name, value in sent_options(typed).items() if value is not None}
    )
    assert made.model_dump(mode="json", exclude_defaults=True)["own"] == own
    assert sent_options({**typed, "preset": "linkws"})["own"] is None
