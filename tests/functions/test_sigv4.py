"""The hand-made signature against botocore's own."""

import time
from hashlib import sha256
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials

from functions.glow.runtime.aws import Credentials
from functions.glow.sockets.sigv4 import Signer

HOST = "abc123.execute-api.eu-central-1.amazonaws.com"
IDS = ["L0SM9cOFvHcCIhw=", "plain", "with/slash+plus", "tilde~dash-dot._", "ünïcode", "a b%3D"]


@pytest.mark.parametrize("connection_id", IDS)
@pytest.mark.parametrize("token", [None, "session/token+with=signs"])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_signature_is_the_one_botocore_makes(
    connection_id: str, token: str | None, method: str
) -> None:
    payload = b'{"type":"PRICE_UPDATE"}'
    path = f"/prod/@connections/{quote(connection_id, safe='')}"
    request = AWSRequest(method, f"https://{HOST}{path}", data=payload)
    SigV4Auth(BotocoreCredentials("AKID", "secret", token), "execute-api", "eu-central-1").add_auth(
        request
    )
    signed_at = time.mktime(time.strptime(request.headers["X-Amz-Date"], "%Y%m%dT%H%M%SZ"))

    credentials = Credentials("AKID", "secret", token)
    signer = Signer(credentials, region="eu-central-1", host=HOST)
    now = signed_at - time.timezone
    headers = signer.headers(method, path, sha256(payload).hexdigest(), now=now)

    assert headers["authorization"] == request.headers["Authorization"]
    assert headers["x-amz-date"] == request.headers["X-Amz-Date"]
    assert headers.get("x-amz-security-token") == request.headers.get("X-Amz-Security-Token")


def test_a_new_day_has_a_new_key() -> None:
    credentials = Credentials("AKID", "secret", None)
    signer = Signer(credentials, region="eu-central-1", host=HOST)
    days = [signer.headers("POST", "/", "", now=day * 86_400.0) for day in (1, 2, 1)]

    assert days[0] == days[2]
    assert days[0]["authorization"] != days[1]["authorization"]
