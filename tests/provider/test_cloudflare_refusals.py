"""The stand-in refuses what the real provider or Cloudflare refuses, and what it does not handle."""

from collections.abc import Iterator

import pytest

from tests.provider.cloudflare_engine import Engine, EngineError, LocalCloudflare

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    with (
        LocalCloudflare(tmp_path_factory.mktemp("cloudflare")) as cloudflare,
        Engine(tmp_path_factory.mktemp("engine"), cloudflare.ready) as engine,
    ):
        engine.configure("place", "here")
        engine.configure("token", "unused", secret=True)
        yield engine


@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (
            "unhandled-input",
            "subdomain.url exists in the real provider, but the local one does not",
        ),
        ("missing-input", "pattern"),
        ("unknown-type", "does not know the resource type cloudflare:index/r2Bucket:R2Bucket"),
    ],
)
def test_a_wrong_resource_stops_the_preview(engine: Engine, fault: str, reason: str) -> None:
    engine.configure("fault", fault)
    with pytest.raises(EngineError, match=reason):
        engine.preview()


def test_cloudflare_s_refusal_is_told_with_its_code(engine: Engine) -> None:
    engine.configure("fault", "another-account")
    with pytest.raises(EngineError, match=r"\[code: 9109\]"):
        engine.up()


def test_a_wrong_token_is_told_with_cloudflare_s_code(engine: Engine) -> None:
    engine.configure("fault", "another-account")
    engine.configure("cloudflare:apiToken", "wrong-" * 8, secret=True)
    with pytest.raises(EngineError, match=r"Authentication error \[code: 10000\]"):
        engine.up()


def test_a_token_that_the_real_provider_refuses_for_its_shape(engine: Engine) -> None:
    engine.configure("fault", "another-account")
    engine.configure("cloudflare:apiToken", "test", secret=True)
    with pytest.raises(EngineError, match="apiToken does not match"):
        engine.up()


def test_without_a_base_url_nothing_reaches_the_real_cloudflare(engine: Engine) -> None:
    engine.configure("fault", "another-account")
    engine.configure("cloudflare:apiToken", "wrong-" * 8, secret=True)
    engine.unset("cloudflare:baseUrl")
    with pytest.raises(EngineError, match="never calls the real Cloudflare"):
        engine.preview()
