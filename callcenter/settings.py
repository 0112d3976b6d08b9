"""What can be set in callcenter.toml, section by section. A field's description is what an error shows as allowed."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, SecretStr, field_validator, model_validator

from callcenter.alarms.settings import AlarmTextSettings, WebhookSettings
from callcenter.config_secrets import LocalPath, ReadablePath, SecretText
from callcenter.sections import Section
from callcenter.worklist.settings import CallTaskSettings
from hardware.drivers import LineSettings
from protocols.ami.settings import checked_context

_DIALECTS = {"sqlite": "sqlite", "postgresql": "postgresql+psycopg", "oracle": "oracle+oracledb"}


class HospitalSettings(Section):
    """``[hospital]``: whose call center this is, and where."""

    name: Annotated[str, Field(min_length=1, max_length=80, description="The hospital's, 1 to 80 characters.")] = (
        "Huifang"
    )
    time_zone: Annotated[
        str, Field(description="IANA name such as Asia/Shanghai; day boundaries and shown times follow it.")
    ] = "Asia/Shanghai"
    language: Annotated[
        Literal["zh_CN", "en"], Field(description="Language where neither person nor browser asks for one.")
    ] = "zh_CN"
    area_code: Annotated[
        str,
        Field(
            pattern=r"^0[1-9][0-9]{1,2}$|^$",
            description="Area code of the lines, with its 0 (010, 0571): landlines dialled without one are there.",
        ),
    ] = ""

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError("is not a known time zone") from error
        return value


class VarSettings(Section):
    """``[var]``: where the daemon keeps what it writes."""

    folder: Annotated[LocalPath, Field(description="Data folder; relative to the configuration file.")] = Path("var")


class DatabaseSettings(Section):
    """``[database]``: one file, or a server's address."""

    path: Annotated[Path | None, Field(description="SQLite file; relative to the data folder.")] = None
    url: Annotated[
        SecretText | None,
        Field(
            description="postgresql://user:password@host/name or oracle://user:password@host/?service_name=NAME, "
            'best as { env = "NAME" } or { file = "path" }.'
        ),
    ] = None

    @field_validator("url")
    @classmethod
    def _known_dialect(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and _scheme(value) not in _DIALECTS:
            raise ValueError("must begin with " + ", ".join(f"{name}://" for name in _DIALECTS))
        return value

    @model_validator(mode="after")
    def _one_of_both(self) -> DatabaseSettings:
        if self.path is not None and self.url is not None:
            raise ValueError("has both path and url; keep one")
        return self


def _scheme(url: SecretStr) -> str:
    return url.get_secret_value().partition("://")[0].partition("+")[0]


class TlsSettings(Section):
    """``[web.tls]``: serve HTTPS without a proxy in front."""

    certificate: Annotated[ReadablePath, Field(description="PEM file with the certificate and its chain.")]
    key: Annotated[ReadablePath, Field(description="PEM file with the private key; keep it at mode 0600.")]


class SignInSettings(Section):
    """``[web.sign_in]``: how whoever guesses passwords is slowed down."""

    free_failures: Annotated[
        int, Field(ge=3, le=20, description="Wrong passwords for one user name without a consequence, 3 to 20.")
    ] = 5
    first_pause_seconds: Annotated[
        int,
        Field(ge=5, le=600, description="How long the next one closes the name, 5 to 600; each further twice that."),
    ] = 30
    longest_pause_minutes: Annotated[
        int, Field(ge=1, le=120, description="No pause grows beyond this, 1 to 120 minutes.")
    ] = 15
    free_failures_per_address: Annotated[
        int, Field(ge=5, le=1000, description="Wrong passwords from one address without a consequence, 5 to 1000.")
    ] = 20

    @model_validator(mode="after")
    def _pauses_grow(self) -> SignInSettings:
        if self.first_pause_seconds > self.longest_pause_minutes * 60:
            raise ValueError("has a first_pause_seconds that is longer than longest_pause_minutes")
        return self


class WebSettings(Section):
    """``[web]``: where browsers find us."""

    port: Annotated[int, Field(ge=0, le=65535, description="TCP port, 1 to 65535; 0 takes any free one.")] = 8080
    interface: Annotated[
        IPv4Address | IPv6Address, Field(description="Address to listen on; 0.0.0.0 or :: for every one.")
    ] = IPv4Address("127.0.0.1")
    public_url: Annotated[
        str, Field(description="Address that browsers use, https://calls.example.org; needed behind a proxy.")
    ] = ""
    trusted_proxies: Annotated[
        tuple[IPv4Address | IPv6Address, ...],
        Field(description="Addresses of proxies whose X-Forwarded-For and X-Forwarded-Proto are believed."),
    ] = ()
    metrics_readers: Annotated[
        tuple[IPv4Address | IPv6Address, ...], Field(description="Addresses that may read /metrics.")
    ] = (IPv4Address("127.0.0.1"), IPv6Address("::1"))
    session_days: Annotated[int, Field(ge=1, le=90, description="Days after which one signs in again, 1 to 90.")] = 7
    session_idle_hours: Annotated[
        int, Field(ge=1, le=168, description="Hours without use after which one signs in again, 1 to 168.")
    ] = 12
    sockets_per_user: Annotated[
        int, Field(ge=1, le=200, description="Live pages that one person may have open at once, 1 to 200.")
    ] = 20
    sign_in: Annotated[SignInSettings, Field(description="Wrong passwords.")] = SignInSettings()
    tls: Annotated[TlsSettings | None, Field(description="Certificate and key to serve HTTPS directly.")] = None

    @field_validator("public_url")
    @classmethod
    def _plain_origin(cls, value: str) -> str:
        if not value:
            return value
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path.strip("/") or parts.query:
            raise ValueError("must be http:// or https:// and a host, without a path")
        return f"{parts.scheme}://{parts.netloc}"


class TargetSettings(Section):
    """``[telephony.targets]``: what the wallboard shows beside each figure."""

    service_level: Annotated[float, Field(ge=0, le=1, description="Share answered in time, 0 to 1.")] = 0.8
    average_speed_of_answer: Annotated[float, Field(gt=0, le=3600, description="Seconds, up to 3600.")] = 20.0
    abandoned: Annotated[float, Field(ge=0, le=1, description="Share of abandoned calls, 0 to 1.")] = 0.05
    longest_wait: Annotated[float, Field(gt=0, le=3600, description="Seconds, up to 3600.")] = 60.0
    average_handling_time: Annotated[
        float | None, Field(gt=0, le=7200, description="At most so many seconds, up to 7200; without one no target.")
    ] = None
    occupancy: Annotated[
        float | None, Field(gt=0, le=1, description="At most this share, 0 to 1; without one no target.")
    ] = None


class TelephonySettings(Section):
    """``[telephony]``: how figures are counted, and whose a call is."""

    service_level_seconds: Annotated[
        int, Field(ge=1, le=600, description="A call answered within this many seconds counts as in time, 1 to 600.")
    ] = 20
    short_abandon_seconds: Annotated[
        int, Field(ge=0, le=120, description="Calls given up sooner are left out of the figures, 0 to 120.")
    ] = 5
    late_claim_hours: Annotated[
        int,
        Field(
            ge=0,
            le=168,
            description="A call that somebody answered at a telephone without taking it on the screen can be claimed "
            "afterwards, until so many hours after it began, 0 (never) to 168.",
        ),
    ] = 24
    targets: Annotated[TargetSettings, Field(description="Targets beside the figures.")] = TargetSettings()


class RecordingSettings(Section):
    """``[recordings]``: whether calls are recorded on lines that can, and for how long recordings are kept."""

    enabled: Annotated[bool, Field(description="Record every call on such lines; callers must be told.")] = False
    keep_days: Annotated[
        int, Field(ge=1, le=3650, description="Days after which a recording is deleted, 1 to 3650.")
    ] = 180


class AsteriskSettings(Section):
    """``[[asterisk]]``: a PBX whose manager interface we sign in to; lines name it in their port."""

    name: Annotated[
        str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="What lines call it: letters, digits, _ and -.")
    ]
    host: Annotated[str, Field(pattern=r"^[0-9A-Za-z.:-]{1,255}$", description="Host name or address.")]
    port: Annotated[int | None, Field(ge=1, le=65535, description="TCP port; 5038, with tls 5039.")] = None
    tls: Annotated[bool, Field(description="Whether the connection is encrypted.")] = False
    authorities: Annotated[
        ReadablePath | None,
        Field(description="PEM file of whom to trust instead of the system's authorities: the PBX's own certificate."),
    ] = None
    username: Annotated[
        str, Field(min_length=1, max_length=80, description="A user of manager.conf, 1 to 80 printable characters.")
    ]
    secret: Annotated[
        SecretText, Field(description='The user\'s secret, best as { env = "NAME" } or { file = "path" }.')
    ]
    plain_login: Annotated[
        bool, Field(description="Send the secret itself instead of an answer to a challenge; only with tls.")
    ] = False
    context: Annotated[str, Field(description="Dialplan context in which numbers are dialled.")] = "from-internal"
    control: Annotated[
        str,
        Field(description="Dialplan context in which held callers wait and conferences meet; without it no holding."),
    ] = ""
    telephone_rings: Annotated[
        int, Field(ge=5, le=120, description="Seconds that the agent's telephone rings for a call to dial, 5 to 120.")
    ] = 30

    recordings: Annotated[
        LocalPath | None,
        Field(description="Where Asterisk's folder for recordings (monitor) is on this machine; without it none."),
    ] = None

    @field_validator("username")
    @classmethod
    def _printable(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line of printable characters")
        return value

    @field_validator("secret")
    @classmethod
    def _printable_secret(cls, value: SecretStr) -> SecretStr:
        if not value.get_secret_value().isprintable() or not 1 <= len(value) <= 256:
            raise ValueError("must be one line of 1 to 256 printable characters")
        return value

    @field_validator("context")
    @classmethod
    def _context(cls, value: str) -> str:
        return checked_context(value)

    @field_validator("control")
    @classmethod
    def _control(cls, value: str) -> str:
        return checked_context(value) if value else value

    @model_validator(mode="after")
    def _never_in_the_clear(self) -> AsteriskSettings:
        if self.plain_login and not self.tls:
            raise ValueError("has plain_login without tls: anyone on the network could read the secret")
        return self


class LoggingSettings(Section):
    """``[logging]``: what the daemon says about itself."""

    format: Annotated[Literal["text", "json"], Field(description="Readable lines, or one JSON object a line.")] = "text"
    level: Annotated[
        Literal["debug", "info", "warn", "error"], Field(description="Events below this level are left out.")
    ] = "info"
    stall_milliseconds: Annotated[
        int, Field(ge=0, le=60_000, description="Report a reactor turn longer than this; 0 switches it off.")
    ] = 50
    watch_blocking: Annotated[
        bool, Field(description="Report calls that block the reactor's thread: slow, for development.")
    ] = False


class Settings(Section):
    """The whole file."""

    hospital: Annotated[HospitalSettings, Field(description="Name, time zone, language.")] = HospitalSettings()
    var: Annotated[VarSettings, Field(default_factory=dict, description="The data folder.")]
    database: Annotated[DatabaseSettings, Field(description="Where records are kept.")] = DatabaseSettings()
    web: Annotated[WebSettings, Field(description="Address and port of the pages.")] = WebSettings()
    telephony: Annotated[TelephonySettings, Field(description="Figures and targets.")] = TelephonySettings()
    call_tasks: Annotated[CallTaskSettings, Field(description="When patients are called from the work list.")] = (
        CallTaskSettings()
    )
    recordings: Annotated[RecordingSettings, Field(description="Recordings of calls.")] = RecordingSettings()
    logging: Annotated[LoggingSettings, Field(description="Logs.")] = LoggingSettings()
    asterisk: Annotated[tuple[AsteriskSettings, ...], Field(description="One [[asterisk]] for each PBX.")] = ()
    webhooks: Annotated[
        tuple[WebhookSettings, ...], Field(description="One [[webhooks]] for each place that is told of alarms.")
    ] = ()
    alarm_texts: Annotated[
        tuple[AlarmTextSettings, ...],
        Field(description="One [[alarm_texts]] for each group of people who are told of alarms by SMS."),
    ] = ()
    lines: Annotated[tuple[LineSettings, ...], Field(description="One [[lines]] for each phone line.")] = ()

    @property
    def database_url(self) -> str:
        """SQLAlchemy's address of the database. May hold a password: never log it."""
        if self.database.url is None:
            return f"sqlite:///{self.var.folder / (self.database.path or 'huifang.db')}"
        text = self.database.url.get_secret_value()
        return f"{_DIALECTS[_scheme(self.database.url)]}://{text.partition('://')[2]}"

    @property
    def key_file(self) -> Path:
        """The key with which the secrets in the database are encrypted."""
        return self.var.folder / "secrets.key"

    @property
    def recording_folder(self) -> Path:
        """Where recordings of calls are kept."""
        return self.var.folder / "recordings"

    @property
    def recording_spool(self) -> Path:
        """Where calls are recorded that no device keeps by itself, until they are over."""
        return self.recording_folder / "spool"

    @property
    def trace_folder(self) -> Path:
        """Where raw line traces go."""
        return self.var.folder / "traces"
