"""What operating systems and libraries call it when there is no connection or no device: their English as it arises.

Pages say it in the language of whoever reads (``protocols.documented``); what is not here stands as it is. Sources:
``strerror`` and ``gai_strerror`` of the GNU C library, the reason strings of OpenSSL 3 (``crypto/x509/x509_txt.c``,
``ssl/ssl_err.c``), those of Autobahn's WebSocket protocol.
"""

from __future__ import annotations

from protocols.sayings import N_

SYSTEM = {
    N_("Connection refused"),
    N_("Connection timed out"),
    N_("Connection reset by peer"),
    N_("Software caused connection abort"),
    N_("Broken pipe"),
    N_("No route to host"),
    N_("Network is unreachable"),
    N_("Network is down"),
    N_("Host is down"),
    N_("Address already in use"),
    N_("Cannot assign requested address"),
    N_("Address family not supported by protocol"),
    N_("Too many open files"),
    N_("Permission denied"),
    N_("Operation not permitted"),
    N_("No such file or directory"),
    N_("No such device"),
    N_("No such device or address"),
    N_("Device or resource busy"),
    N_("Resource temporarily unavailable"),
    N_("Input/output error"),
    N_("Inappropriate ioctl for device"),
    N_("Invalid argument"),
    N_("No space left on device"),
    N_("Read-only file system"),
    N_("Disk quota exceeded"),
}
"""Of ``strerror``."""

NAMES = {
    N_("Name or service not known"),
    N_("Temporary failure in name resolution"),
    N_("No address associated with hostname"),
}
"""Of ``gai_strerror``."""

TLS = {
    N_("certificate verify failed"),
    N_("wrong version number"),
    N_("unsupported protocol"),
    N_("unexpected eof while reading"),
    N_("no protocols available"),
    N_("no shared cipher"),
    N_("http request"),
    N_("packet length too long"),
    N_("record layer failure"),
    N_("ssl/tls alert handshake failure"),
    N_("sslv3 alert handshake failure"),
    N_("tlsv1 alert protocol version"),
    N_("tlsv1 alert unknown ca"),
    N_("tlsv1 alert internal error"),
    N_("tlsv1 unrecognized name"),
    N_("tlsv13 alert certificate required"),
    N_("sslv3 alert bad certificate"),
    N_("sslv3 alert certificate unknown"),
}
"""Of OpenSSL."""

WEBSOCKET = {
    N_("peer dropped the TCP connection without previous WebSocket closing handshake"),
    N_("WebSocket opening handshake timeout (peer did not finish the opening handshake in time)"),
    N_("WebSocket ping timeout (peer did not respond with pong in time)"),
}
"""Of Autobahn."""

WORDS = SYSTEM | NAMES | TLS | WEBSOCKET
