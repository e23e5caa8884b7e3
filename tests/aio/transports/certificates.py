"""Certificates for tests: an authority, a server at 127.0.0.1 and a client, made anew for each run."""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

_VALID = datetime.timedelta(days=1)


def make_certificate(name: str, issuer: tuple[Any, Any] | None = None) -> tuple[Any, Any]:
    """Return a certificate and its key.

    Args:
        name: its common name, also its DNS name; it is good for 127.0.0.1 too.
        issuer: the certificate and key of who signs it; None for an authority that signs itself.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.datetime.now(datetime.UTC)
    signer, signing_key = (subject, key) if issuer is None else (issuer[0].subject, issuer[1])
    names = [x509.DNSName(name), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(signer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _VALID)
        .not_valid_after(now + _VALID)
        .add_extension(x509.BasicConstraints(ca=issuer is None, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing_key.public_key()), critical=False)
    )
    if issuer is None:
        usage = x509.KeyUsage(
            digital_signature=True, key_cert_sign=True, crl_sign=True, content_commitment=False, key_encipherment=False,
            data_encipherment=False, key_agreement=False, encipher_only=False, decipher_only=False,
        )  # fmt: skip
        builder = builder.add_extension(usage, critical=True)
    return builder.sign(signing_key, hashes.SHA256()), key


def write_certificate(folder: Path, name: str, pair: tuple[Any, Any]) -> Path:
    """Write a certificate and its key into one file."""
    certificate, key = pair
    path = folder / f"{name}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(secret + certificate.public_bytes(serialization.Encoding.PEM))
    return path


class Authority:
    """An authority, and who it vouches for."""

    def __init__(self) -> None:
        self.pair = make_certificate("Test Authority")

    def write(self, folder: Path) -> None:
        """Write the authority, a server and a client: authority.pem, server.pem, client.pem."""
        authority, _ = self.pair
        (folder / "authority.pem").write_bytes(authority.public_bytes(serialization.Encoding.PEM))
        for name, common_name in (("server", "localhost"), ("client", "alice.example")):
            write_certificate(folder, name, make_certificate(common_name, self.pair))


@cache
def contexts(ask_clients: bool = True) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Return the rules of a server and of a client that trust each other.

    Args:
        ask_clients: whether the server wants a certificate of its clients.
    """
    with TemporaryDirectory() as name:
        folder = Path(name)
        Authority().write(folder)
        server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=folder / "authority.pem")
        server.load_cert_chain(folder / "server.pem")
        if ask_clients:
            server.verify_mode = ssl.CERT_REQUIRED
        # Sessions are never taken up again; what would be sent for that only makes conversations longer.
        server.num_tickets = 0
        client = ssl.create_default_context(cafile=folder / "authority.pem")
        client.load_cert_chain(folder / "client.pem")
    return server, client
