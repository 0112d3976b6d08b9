"""TLS to a server whose certificate is verified, and in words why a connection ended."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from OpenSSL import SSL
from service_identity import VerificationError
from twisted.internet import error
from twisted.internet.ssl import Certificate, optionsForClientTLS, platformTrust, trustRootFromCertificates

from hardware.supervisor import PortError
from protocols.sayings import Said, Saying

TLS_PROBLEMS = (SSL.Error, VerificationError)
"""What keeps a connection from becoming a secure one."""
_END_OF_CERTIFICATE = b"-----END CERTIFICATE-----"


def client_tls(host: str, authorities: Path | None) -> Any:
    """Options for ``wrapClientTLS``: the certificate must name ``host``.

    It must be signed by those in the PEM file ``authorities``, without one by those that the system trusts. Reads the
    file; ``PortError`` if that cannot be.
    """
    trust = _trust_in(authorities) if authorities is not None else platformTrust()  # type: ignore[no-untyped-call]
    return optionsForClientTLS(host, trustRoot=trust)


def _trust_in(file: Path) -> Any:
    """Trust in every certificate of a PEM file; ``PortError`` if there is none in it."""
    try:
        parts = file.read_bytes().split(_END_OF_CERTIFICATE)[:-1]
        certificates = [Certificate.loadPEM(part + _END_OF_CERTIFICATE) for part in parts]
    except (OSError, SSL.Error) as problem:
        raise PortError(Said(Saying.CERTIFICATES_UNREADABLE, file=str(file), why=str(problem))) from problem
    if not certificates:
        raise PortError(Said(Saying.NO_CERTIFICATE, file=str(file)))
    return trustRootFromCertificates(certificates)  # type: ignore[no-untyped-call]


def how_lost(peer: str, problem: BaseException | None) -> Said:
    """Why the connection to ``peer`` is gone."""
    if isinstance(problem, SSL.Error):
        reasons = [str(entry[-1]) for entry in (problem.args[0] if problem.args else [])]
        return Said(Saying.CONNECTION_REFUSED, peer=peer, why=", ".join(reasons) or Said(Saying.NO_REASON))
    if isinstance(problem, VerificationError):
        return Said(Saying.CONNECTION_REFUSED, peer=peer, why=Said(Saying.WRONG_NAME))
    closed = isinstance(problem, error.ConnectionDone)
    return Said(Saying.CONNECTION_CLOSED if closed else Saying.CONNECTION_LOST, peer=peer)
