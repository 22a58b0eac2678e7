"""The inputs that the cloud does not answer, and why. Read keeps the values of the state for them.

A change by hand of these is not seen; everything else is read from the cloud.
"""

from collections.abc import Mapping
from typing import Final

_ADDRESS: Final = "part of the resource's address: at another address is another resource"
_HASH_ONLY: Final = "the cloud answers a hash of it; the output codeSha256 shows new code"
_STATE_ONLY: Final = "only Pulumi's state has it"

# Type token → input → reason.
ECHOED: Final[Mapping[str, Mapping[str, str]]] = {
    "aws:apigatewayv2/deployment:Deployment": {"apiId": _ADDRESS, "triggers": _STATE_ONLY},
    "aws:apigatewayv2/integration:Integration": {"apiId": _ADDRESS},
    "aws:apigatewayv2/route:Route": {"apiId": _ADDRESS},
    "aws:apigatewayv2/routeResponse:RouteResponse": {"apiId": _ADDRESS, "routeId": _ADDRESS},
    "aws:apigatewayv2/stage:Stage": {"apiId": _ADDRESS},
    "aws:kms/key:Key": {
        "deletionWindowInDays": "an option of the deletion, which is stored nowhere"
    },
    "aws:lambda/function:Function": {"code": _HASH_ONLY},
    "aws:lambda/invocation:Invocation": dict.fromkeys(
        ("functionName", "input", "triggers"), "AWS keeps no record of a call"
    ),
    "aws:lambda/layerVersion:LayerVersion": {"code": _HASH_ONLY},
    "aws:lambda/permission:Permission": {"function": _ADDRESS},
    "aws:sqs/redriveAllowPolicy:RedriveAllowPolicy": {"queueUrl": _ADDRESS},
    "cloudflare:index/dnsRecord:DnsRecord": {"zoneId": _ADDRESS},
    "cloudflare:index/worker:Worker": {
        "accountId": _ADDRESS,
        "force": "an option of the deletion, which is stored nowhere",
    },
    "cloudflare:index/workerVersion:WorkerVersion": {
        "accountId": _ADDRESS,
        "deploy": "an option of the upload, which is stored nowhere",
        "workerId": _ADDRESS,
    },
    "cloudflare:index/workersCustomDomain:WorkersCustomDomain": {"accountId": _ADDRESS},
    "cloudflare:index/workersRoute:WorkersRoute": {"zoneId": _ADDRESS},
}
