"""A provider of the ministry's accounts on this very machine, as strict as a real one is."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.concurrency import QuietHandler, answering

CLIENT, SECRET = "portal", "a secret of the provider"
LOG_OUT = "http://schemas.openid.net/event/backchannel-logout"


@cache
def key(whose: str) -> rsa.RSAPrivateKey:
    """Made once a process: it costs time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """`claims` go into the next token, over the right ones; None takes one out."""

    port: int = 0
    signs_with: str = "provider"
    claims: dict[str, Any] = field(default_factory=dict)
    discovery: dict[str, Any] = field(default_factory=dict)
    answers: int = 200
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def authorize(self, address: str) -> dict[str, str]:
        """What somebody who logs in there is sent back with."""
        query = {name: each[0] for name, each in parse_qs(urlsplit(address).query).items()}
        assert query["client_id"] == CLIENT
        assert query["code_challenge_method"] == "S256"
        code = f"code-{len(self.codes)}"
        self.codes[code] = query
        return {"code": code, "state": query["state"]}

    def document(self) -> dict[str, Any]:
        paths = {"authorization_endpoint": "/auth", "token_endpoint": "/token", "jwks_uri": "/keys",
                 "end_session_endpoint": "/out"}  # fmt: skip
        endpoints = {name: self.issuer + path for name, path in paths.items()}
        return {"issuer": self.issuer} | endpoints | self.discovery

    def keys(self) -> dict[str, Any]:
        public = json.loads(RSAAlgorithm.to_jwk(key("provider").public_key()))
        return {"keys": [public | {"kid": "one", "alg": "RS256", "use": "sig"}]}

    def token(self, form: dict[str, str]) -> dict[str, Any] | None:
        """None where the code is spent or strange, or whoever brings it is not who began."""
        query = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if not query or query["code_challenge"] != challenge or form["client_secret"] != SECRET:
            return None
        signed = self.signed({"nonce": query["nonce"]} | self.claims)
        return {"id_token": signed, "access_token": "x", "token_type": "Bearer"}

    def left(self, typ: str = "logout+jwt", **claims: Any) -> str:
        """The token that tells of a log-out here."""
        return self.signed({"jti": "one", "events": {LOG_OUT: {}}} | claims, typ=typ)

    def signed(self, claims: dict[str, Any], **header: str) -> str:
        now = int(time.time())
        usual = {"iss": self.issuer, "sub": "canbo-01", "aud": CLIENT, "iat": now, "exp": now + 60}
        payload = {name: value for name, value in (usual | claims).items() if value is not None}
        named = {"kid": "one"} | header
        return jwt.encode(payload, key(self.signs_with), algorithm="RS256", headers=named)

    def reply(self, asked: QuietHandler) -> None:
        path = urlsplit(asked.path).path
        if path in {"/auth", "/out"}:
            self._send_back(asked)
            return
        self.asked.append(path)
        documents = {
            "/.well-known/openid-configuration": self.document,
            "/keys": self.keys,
            "/token": lambda: self.token(dict(parse_qsl(asked.read_body().decode()))),
        }
        document = documents[path]()
        words = json.dumps(document or {"error": "invalid_grant"})
        asked.answer(words, "application/json", self.answers if document else 400)

    def _send_back(self, asked: QuietHandler) -> None:
        """As if the officer had logged in there already, or had nothing to say to a log-out."""
        self.asked.append(urlsplit(asked.path).path)
        query = parse_qs(urlsplit(asked.path).query)
        way = query.get("post_logout_redirect_uri", [""])[0]
        if not way:
            answer = self.authorize(asked.path)
            way = f"{self.codes[answer['code']]['redirect_uri']}?{urlencode(answer)}"
        asked.send_response(302)
        asked.send_header("Location", way)
        asked.end_headers()


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers until the end of the block."""
    provider = Provider()
    with answering(provider.reply) as provider.port:
        yield provider
