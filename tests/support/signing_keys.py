"""Keys that sign warnings in tests."""

import base64

from alerts.formats.cap_signer import generate_key

TEXT_KEY = base64.b64encode(bytes(range(32))).decode()

CAP_KEY = generate_key("portal.example")
