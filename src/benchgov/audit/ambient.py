"""Sign a checkpoint's statement with the identity of the workflow that runs, through Sigstore's client.

The client is the extra `sigstore`. It speaks to Sigstore's public services; nothing else in benchgov does.
"""

from __future__ import annotations

import json
from types import ModuleType

from benchgov.audit.statements import Statement
from benchgov.errors import BlockedError


def sign(statement: Statement) -> bytes:
    """The bundle, as JSON.

    Raises:
        BlockedError: the client is not installed, there is no ambient identity, or the services refuse.
    """
    _require_client()
    from sigstore.dsse import Statement as Signable
    from sigstore.errors import Error
    from sigstore.models import ClientTrustConfig
    from sigstore.oidc import IdentityToken
    from sigstore.sign import SigningContext

    token = _ambient_token()
    signable = Signable(json.dumps(statement.to_json()).encode())
    try:
        context = SigningContext.from_trust_config(ClientTrustConfig.production())
        with context.signer(IdentityToken(token)) as signer:
            bundle: str = signer.sign_dsse(signable).to_json()
            return bundle.encode()
    except (Error, OSError) as error:
        raise BlockedError(f"Sigstore did not sign: {error}") from error


def _require_client() -> ModuleType:
    from importlib import import_module

    try:
        return import_module("sigstore")
    except ImportError as error:
        raise BlockedError(
            "Sigstore's client is not installed", remedy="Install the extra: pip install 'benchgov[sigstore]'"
        ) from error


def _ambient_token() -> str:
    from sigstore.oidc import IdentityError, detect_credential

    try:
        token = detect_credential()
    except IdentityError as error:
        raise BlockedError(f"the ambient identity cannot be used: {error}") from error
    if not token:
        raise BlockedError(
            "there is no ambient identity to sign with",
            remedy="Run this in a GitHub Actions job with `permissions: id-token: write`.",
        )
    return str(token)
