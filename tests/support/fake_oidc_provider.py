"""A provider of the ministry's accounts on this very machine, as strict as a real one is."""

import base64
import hashlib
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from tests.support.concurrency import serving

CLIENT, SECRET = "portal", "a secret of the provider"
LOG_OUT = "http://schemas.openid.net/event/backchannel-logout"


@cache
def key(whose: str) -> rsa.RSAPrivateKey:
    """Made once a process: it costs time."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@dataclass
class Provider:
    """`claims` go into the next token, over the right ones; None takes one out."""

    port: int
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


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers until the end of the block."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            if self.path.startswith(("/auth?", "/out?")):
                self.send_back()
                return
            documents = {
                "/.well-known/openid-configuration": provider.document,
                "/keys": provider.keys,
            }
            self.say(documents[self.path]())

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            self.say(provider.token({name: each[0] for name, each in parse_qs(body).items()}))

        def send_back(self) -> None:
            """As if the officer had logged in there already, or had nothing to say to a log-out."""
            self.send_response(302)
            self.send_header("Location", self.way_out() or self.way_in())
            self.end_headers()

        def way_in(self) -> str:
            answer = provider.authorize(self.path)
            back = provider.codes[answer["code"]]["redirect_uri"]
            return f"{back}?{urlencode(answer)}"

        def way_out(self) -> str:
            query = parse_qs(urlsplit(self.path).query)
            provider.asked.append(urlsplit(self.path).path)
            return query.get("post_logout_redirect_uri", [""])[0]

        def say(self, document: dict[str, Any] | None) -> None:
            provider.asked.append(self.path)
            self.send_response(provider.answers if document else 400)
            self.send_header("Content-Type", "application/json")
            self.end_headers()
            self.wfile.write(json.dumps(document or {"error": "invalid_grant"}).encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        provider = Provider(server.server_port)
        with serving(server):
            yield provider
