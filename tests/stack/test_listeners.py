"""`listeners: token`: which keys a stack takes, and who is told them."""

import io
import json
import zipfile

import pytest
from cryptography.hazmat.primitives.asymmetric import dsa, ec, ed25519, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from components.packaging import LayerPackages, Target, dependency_archive
from components.settings.load import SettingsError, parse_settings
from components.settings.model import Settings
from tests.stack.recording import EDGE, EDGE_SECRET, ROOT, Deployment, Secret, deploy

SECRET = "what-the-back-end-signs-with-0123456789"
PREVIOUS = "what-the-back-end-signed-with-987654321"
RSA = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
P256 = ec.generate_private_key(ec.SECP256R1())
SECRETS = {"HeliusApiKey", "ListenerSecret", "ListenerSecretPrevious"}
VERIFIERS = ("connections", "prices", "discovery", "candles")
FUNCTIONS = (*VERIFIERS, "webhook", "broadcast", "later", "edge-retry", "route-worker")


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey) -> str:
    public = key.public_key()
    return public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def parse(**values: str) -> Settings:
    own = {"HeliusApiKey": "a-secret-of-helius-0123456789", **values}
    return parse_settings(own, secrets=SECRETS, stack="dev")


def refusal(**values: str) -> str:
    with pytest.raises(SettingsError) as refused:
        parse(**values)
    return str(refused.value)


def environment(deployment: Deployment, function: str) -> dict[str, object]:
    return deployment.named(f"glow-{function}-function").inputs["environment"]["variables"]


def listener_variables(told: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in told.items() if name.startswith("LISTENER")}


def test_stack_is_open_unless_config_says_otherwise() -> None:
    assert parse().listeners == "open"


def test_token_without_a_key_stops_with_the_command_that_makes_one() -> None:
    assert refusal(listeners="token") == (
        "Stack dev: 1 setting is wrong.\n"
        "glow:ListenerSecret is not set, nor is glow:listenerPublicKey, but glow:listeners is token:"
        " nobody could listen. Set one of them.\n"
        '    pulumi config set --secret ListenerSecret "$(openssl rand -base64 32)" --stack dev'
    )


def test_secret_and_public_key_exclude_one_another() -> None:
    told = refusal(listeners="token", ListenerSecret=SECRET, listenerPublicKey=pem(RSA))

    assert "glow:ListenerSecret is set beside glow:listenerPublicKey" in told
    assert "pulumi config rm glow:ListenerSecret --stack dev" in told
    assert SECRET not in told


@pytest.mark.parametrize("key", ["ListenerSecret", "ListenerSecretPrevious"])
def test_short_secret_is_refused_and_not_shown(key: str) -> None:
    short = "x" * 31
    told = refusal(listeners="token", **{"ListenerSecret": SECRET, key: short})

    assert f"glow:{key} must have at least 32 characters; it has 31" in told
    assert short not in told


def test_other_way_to_listen_is_refused() -> None:
    assert "glow:listeners is 'jwt': must be 'open' or 'token'" in refusal(listeners="jwt")


@pytest.mark.parametrize(("key", "algorithm"), [(RSA, "RS256"), (P256, "ES256")])
def test_kind_of_the_key_says_by_which_algorithm(
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, algorithm: str
) -> None:
    found = parse(listeners="token", listenerPublicKey=f"\n{pem(key)}\n\n").listener_public_key

    assert found is not None
    assert (found.algorithm, found.pem) == (algorithm, pem(key))


def private_pems() -> list[str]:
    forms = (PrivateFormat.PKCS8, PrivateFormat.TraditionalOpenSSL)
    plain = [
        key.private_bytes(Encoding.PEM, form, NoEncryption())
        for key in (RSA, P256)
        for form in forms
    ]
    locked = RSA.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"passphrase")
    )
    return [each.decode() for each in (*plain, locked)]


@pytest.mark.parametrize("private", private_pems(), ids=range(5))
def test_private_key_by_mistake_is_refused_and_not_shown(private: str) -> None:
    told = refusal(listeners="token", listenerPublicKey=private)

    assert "this is the private one" in told
    assert "pulumi config set --plaintext listenerPublicKey < public.pem --stack dev" in told
    assert private.splitlines()[1] not in told
    assert "BEGIN" not in told


@pytest.mark.parametrize(
    "key",
    [
        rsa.generate_private_key(public_exponent=65_537, key_size=1_024),  # noqa: S505 - so it is
        ec.generate_private_key(ec.SECP384R1()),
        ed25519.Ed25519PrivateKey.generate(),
        dsa.generate_private_key(2_048),
    ],
    ids=["RSA of 1,024 bits", "P-384", "Ed25519", "DSA"],
)
def test_key_of_another_kind_is_refused(key: rsa.RSAPrivateKey) -> None:
    told = refusal(listeners="token", listenerPublicKey=pem(key))

    assert "must be of RSA with 2048 to 4096 bits (RS256), or of the curve P-256 (ES256)" in told


@pytest.mark.parametrize(
    "text", ["", "my-key", SECRET, pem(RSA)[:-40], "ssh-rsa AAAAB3NzaC1yc2E= me"]
)
def test_text_that_is_no_key_is_refused(text: str) -> None:
    told = refusal(listeners="token", listenerPublicKey=text)

    assert "glow:listenerPublicKey must be a public key in PEM" in told
    assert not text or text not in told


def test_open_stack_tells_nobody_about_keys() -> None:
    deployment = deploy(config={"ListenerSecret": SECRET, **EDGE})

    assert [listener_variables(environment(deployment, each)) for each in FUNCTIONS] == (
        [{}] * len(FUNCTIONS)
    )
    assert "LISTENER" not in str(deployment.named("glow-edge-version").inputs["bindings"])


def test_those_that_verify_are_told_the_secrets_and_nobody_else() -> None:
    deployment = deploy(
        config={
            "listeners": "token",
            "ListenerSecret": SECRET,
            "ListenerSecretPrevious": PREVIOUS,
            **EDGE,
        }
    )
    told = {
        "LISTENERS": "token",
        "LISTENER_ALGORITHM": "HS256",
        "LISTENER_SECRET": Secret(SECRET),
        "LISTENER_SECRET_PREVIOUS": Secret(PREVIOUS),
    }

    assert {name: listener_variables(environment(deployment, name)) for name in FUNCTIONS} == {
        name: told if name in VERIFIERS else {} for name in FUNCTIONS
    }
    bindings = {
        binding["name"]: binding
        for binding in deployment.named("glow-edge-version").inputs["bindings"]
        if binding["name"].startswith("LISTENER")
    }
    assert {name: binding["text"] for name, binding in bindings.items()} == told
    assert {name for name, each in bindings.items() if each["type"] == "secret_text"} == {
        "LISTENER_SECRET",
        "LISTENER_SECRET_PREVIOUS",
    }
    assert SECRET not in str(deployment.outputs)


def test_those_that_verify_are_told_the_public_key() -> None:
    deployment = deploy(config={"listeners": "token", "listenerPublicKey": pem(P256), **EDGE})
    told = {"LISTENERS": "token", "LISTENER_ALGORITHM": "ES256", "LISTENER_PUBLIC_KEY": pem(P256)}

    assert listener_variables(environment(deployment, "prices")) == told
    outputs = deployment.outputs["EdgeVariables"]
    assert {name: outputs[name] for name in told} == told


def test_read_api_knows_the_rooms_that_heal_themselves() -> None:
    config = {"listeners": "token", "ListenerSecret": SECRET}

    told = environment(deploy(config={**config, **EDGE}), "prices")

    assert told["EDGE_BROADCAST_SECRET"] == Secret(EDGE_SECRET)
    assert "EDGE_BROADCAST_SECRET" not in environment(deploy(config=config), "prices")
    assert "EDGE_BROADCAST_SECRET" not in environment(deploy(config=EDGE), "prices")


def test_functions_that_verify_carry_the_dependencies() -> None:
    deployment = deploy(config={"listeners": "token", "ListenerSecret": SECRET})

    assert all(deployment.named(f"glow-{name}-function").inputs["layers"] for name in VERIFIERS)


def test_rights_are_granted_only_where_listeners_are_verified(prod: Deployment) -> None:
    deployment = deploy(config={"listeners": "token", "ListenerSecret": SECRET})

    def added(function: str) -> list[tuple[str, str]]:
        def rights(of: Deployment) -> set[tuple[str, str]]:
            return {
                (action, resource)
                for policy in of.of_type("aws:iam/rolePolicy:RolePolicy")
                if policy.name.startswith(f"glow-{function}-role-")
                for statement in json.loads(policy.inputs["policy"])["Statement"]
                for action in statement["Action"]
                for resource in statement["Resource"]
            }

        return sorted(rights(deployment) - rights(prod))

    assert {name: added(name) for name in FUNCTIONS if added(name)} == {
        "connections": [("dynamodb:GetItem", "arn:Table:glow-prod-PriceConnectionsTable")],
        "broadcast": [
            (
                "execute-api:ManageConnections",
                "arn:execute-api:glow-prod-WebSocketApi/live/DELETE/@connections/*",
            )
        ],
    }


def test_only_public_keys_need_cryptography_in_the_layer() -> None:
    target = Target(runtime="python3.13", architecture="arm64")

    def packages(which: LayerPackages) -> set[str]:
        with zipfile.ZipFile(dependency_archive(ROOT, target, which)) as zipped:
            return {name.split("/")[1] for name in zipped.namelist()}

    assert {"jwt", "uvloop"} <= packages(LayerPackages.USUAL)
    assert "cryptography" not in packages(LayerPackages.USUAL)
    assert {"jwt", "uvloop", "cryptography"} <= packages(LayerPackages.WITH_PUBLIC_KEYS)


@pytest.mark.parametrize(
    ("config", "has_cryptography"),
    [
        ({"ListenerSecret": SECRET}, False),
        ({"listenerPublicKey": pem(P256)}, True),
    ],
)
def test_layer_holds_what_the_keys_of_the_stack_need(
    config: dict[str, str], has_cryptography: bool
) -> None:
    layer = deploy(config={"listeners": "token", **config}).named("glow-dependencies")

    names = zipfile.ZipFile(io.BytesIO(layer.inputs["code"].content)).namelist()
    assert any("cryptography/" in name for name in names) == has_cryptography


def test_largest_key_leaves_every_environment_room() -> None:
    largest = pem(rsa.generate_private_key(public_exponent=65_537, key_size=4_096))

    assert deploy(config={"listeners": "token", "listenerPublicKey": largest, **EDGE})
