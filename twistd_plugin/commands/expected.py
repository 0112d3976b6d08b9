"""The errors whose text is all that an operator needs."""

from callcenter.alarms.settings import WebhookError
from callcenter.config_errors import ConfigurationError
from hardware.simulators.control import SimulatorError
from storage.errors import StorageError
from twistd_plugin.commands.output import CommandError
from twistd_plugin.listener import TlsError

EXPECTED = (CommandError, ConfigurationError, SimulatorError, StorageError, TlsError, WebhookError)
