"""`python -m ops token`: what it makes is admitted, and the stack's secret is not shown."""

import subprocess
import sys

import pytest
import yaml

from functions.glow.listeners.settings import ListenerKeys
from functions.glow.listeners.verifier import Verifier
from ops.errors import OpsError
from ops.token import ListenerConfig, access_token, seconds_of
from tests.ops.cli_stack import make_stack
from workspace.paths import REPOSITORY
from workspace.stack import Stack

NOW = 1_750_000_000
SECRET = "what-the-back-end-signs-with-0123456789"
MINT = "So11111111111111111111111111111111111111112"
CONFIG = ListenerConfig(stack="dev", is_open=False, secret=SECRET, symbols={"SOL": MINT})


def test_token_is_admitted_for_what_it_names() -> None:
    made = access_token(CONFIG, ["SOL", " BONK"], 3_600, subject="me", now=NOW)

    claims = Verifier(ListenerKeys("HS256", (SECRET,))).verify(made, now=NOW)
    assert (claims.tokens, claims.ends_at, claims.subject) == ({MINT, "BONK"}, NOW + 3_600, "me")


def test_star_is_every_token() -> None:
    made = access_token(CONFIG, ["*"], 60, subject=None, now=NOW)

    assert Verifier(ListenerKeys("HS256", (SECRET,))).verify(made, now=NOW).tokens is None


@pytest.mark.parametrize(
    ("tokens", "ttl_seconds", "why"),
    [
        (["SOL"], 31 * 86_400, "more than 30 days ahead"),
        (["no token!"], 60, "a list of tokens"),
        ([""], 60, "a list of tokens"),
        ([f"{number:064}" for number in range(60)], 60, "over 4096 bytes"),
    ],
)
def test_token_that_the_stack_would_refuse_is_not_made(
    tokens: list[str], ttl_seconds: int, why: str
) -> None:
    with pytest.raises(OpsError, match=f"Stack dev would refuse such a token: .*{why}"):
        access_token(CONFIG, tokens, ttl_seconds, subject=None, now=NOW)


@pytest.mark.parametrize(
    ("text", "seconds"), [("90s", 90), ("30m", 1_800), ("2h", 7_200), ("30d", 2_592_000)]
)
def test_duration_is_read(text: str, seconds: int) -> None:
    assert seconds_of(text) == seconds


@pytest.mark.parametrize("text", ["", "1", "0h", "-1h", "1.5h", "1w", "h"])
def test_duration_that_is_none_says_how_to_write_one(text: str) -> None:
    with pytest.raises(OpsError, match="write 90s, 30m, 2h or 30d"):
        seconds_of(text)


def test_secret_is_not_shown() -> None:
    assert SECRET not in repr(CONFIG)


@pytest.mark.engine
@pytest.mark.timeout(300)
class TestStack:
    """Read by the real Pulumi CLI."""

    @pytest.fixture(scope="class")
    def stack(self, tmp_path_factory: pytest.TempPathFactory) -> Stack:
        return make_stack(tmp_path_factory.mktemp("stack"))

    def config(self, stack: Stack, **values: object) -> None:
        assert stack.config_file is not None
        salt = yaml.safe_load(stack.config_file.read_text())["encryptionsalt"]
        config = {f"glow:{key}": value for key, value in values.items()}
        stack.config_file.write_text(yaml.safe_dump({"encryptionsalt": salt, "config": config}))

    def test_config_is_read_and_the_secret_is_that_of_the_stack(self, stack: Stack) -> None:
        self.config(stack, listeners="token", tokens={"SOL": MINT})
        stack.run("config", "set", "--secret", "ListenerSecret", SECRET)

        assert ListenerConfig.of(stack) == ListenerConfig(
            stack="tried", is_open=False, secret=SECRET, symbols={"SOL": MINT}
        )

    def test_stack_is_open_unless_it_says_otherwise(self, stack: Stack) -> None:
        self.config(stack)
        stack.run("config", "set", "--secret", "ListenerSecret", SECRET)

        assert ListenerConfig.of(stack).is_open

    def test_public_key_is_a_clear_error(self, stack: Stack) -> None:
        self.config(stack, listeners="token", listenerPublicKey="-----BEGIN PUBLIC KEY-----")

        with pytest.raises(OpsError, match="only the app's back end has the private key"):
            ListenerConfig.of(stack)

    def test_missing_secret_is_answered_with_what_sets_it(self, stack: Stack) -> None:
        self.config(stack, listeners="token")

        with pytest.raises(OpsError, match="pulumi config set --secret ListenerSecret"):
            ListenerConfig.of(stack)


def test_help_names_every_option() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "ops", "token", "--help"],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=True,
    )

    assert all(option in done.stdout for option in ("--tokens", "--ttl", "--sub", "--stack"))
