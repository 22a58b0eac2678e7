"""The HTTP/1.1 client: what it takes for an answer, and when it repeats a request."""

import asyncio
import ssl
import subprocess
from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from functions.glow.runtime.http1 import (
    MAX_BODY_BYTES,
    Answer,
    ConnectionPool,
    Origin,
    UnreachableError,
)

REQUEST = b"POST /x HTTP/1.1\r\nhost: here\r\ncontent-length: 2\r\n\r\n{}"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"
CLOSE = b""
"""Instead of an answer: the connection is closed."""


class Server:
    """Gives one answer after the other, in the pieces in which they are to arrive."""

    def __init__(self, answers: Sequence[Sequence[bytes]]) -> None:
        self.answers = list(answers)
        self.requests: list[bytes] = []
        self.sockets = 0
        self.names: list[str | None] = []
        """What clients asked for in the TLS handshake."""
        self.port = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.sockets += 1
        try:
            while self.answers:
                self.requests.append(await reader.readexactly(len(REQUEST)))
                for piece in self.answers.pop(0):
                    if piece is CLOSE:
                        return
                    writer.write(piece)
                    await writer.drain()
                    await asyncio.sleep(0)
            await reader.read()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


@asynccontextmanager
async def serving(
    *answers: Sequence[bytes], tls: ssl.SSLContext | None = None
) -> AsyncGenerator[tuple[Server, str]]:
    server = Server(answers)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=tls)
    port = listening.sockets[0].getsockname()[1]
    async with listening:
        yield server, f"127.0.0.1:{port}"
        listening.close()


@asynccontextmanager
async def pool_to(netloc: str, *, max_idle_seconds: float = 30) -> AsyncGenerator[ConnectionPool]:
    origin = Origin.of(f"http://{netloc}")
    pool = ConnectionPool(origin, limit=4, max_idle_seconds=max_idle_seconds)
    yield pool
    await pool.close()


@pytest.mark.parametrize(
    ("pieces", "answer"),
    [
        pytest.param([OK], Answer(200, b"{}"), id="length"),
        pytest.param([bytes([byte]) for byte in OK], Answer(200, b"{}"), id="byte-by-byte"),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{", b"}\r\n0\r\n\r\n"],
            Answer(200, b"{}"),
            id="chunked",
        ),
        pytest.param(
            [
                b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1;a=b\r\n{\r\n1\r\n}\r\n0\r\nx: y\r\n\r\n"
            ],
            Answer(200, b"{}"),
            id="chunked-with-extension-and-trailer",
        ),
        pytest.param(
            [b"HTTP/1.1 200 OK\r\nconnection: close\r\n\r\n{", b"}", CLOSE],
            Answer(200, b"{}"),
            id="ends-with-the-connection",
        ),
        pytest.param([b"HTTP/1.1 204 No Content\r\n\r\n"], Answer(204, b""), id="no-content"),
        pytest.param(
            [b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n", OK], Answer(200, b"{}"), id="hints"
        ),
        pytest.param(
            [b"HTTP/1.1 307 X\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\n\r\n"],
            Answer(307, b""),
            id="redirect-is-not-followed",
        ),
    ],
)
async def test_answer_is_read_to_its_end(pieces: Sequence[bytes], answer: Answer) -> None:
    async with serving(pieces) as (server, netloc), pool_to(netloc) as pool:
        assert await pool.exchange(REQUEST) == answer

    assert server.requests == [REQUEST]


async def test_connection_is_kept_for_the_next_request_after_each_kind_of_answer() -> None:
    chunked = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n[]\r\n0\r\n\r\n"
    async with serving([OK], [chunked], [OK]) as (server, netloc), pool_to(netloc) as pool:
        bodies = [(await pool.exchange(REQUEST)).body for _ in range(3)]

    assert (bodies, server.sockets) == ([b"{}", b"[]", b"{}"], 1)


async def test_body_is_cut_at_its_bound_and_the_connection_is_used_no_more() -> None:
    endless = b"HTTP/1.1 502 X\r\ncontent-length: 99999999\r\n\r\n" + b"x" * (MAX_BODY_BYTES + 9)
    async with serving([endless], [OK]) as (server, netloc), pool_to(netloc) as pool:
        answer = await pool.exchange(REQUEST)
        assert (answer.status, len(answer.body)) == (502, MAX_BODY_BYTES)
        assert await pool.exchange(REQUEST) == Answer(200, b"{}")

    assert server.sockets == 2


@pytest.mark.parametrize(
    "pieces",
    [
        pytest.param([CLOSE], id="nothing"),
        pytest.param([b"HTTP/1.1 200 OK\r\ncontent-le", CLOSE], id="half-a-head"),
        pytest.param([b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n{", CLOSE], id="half-a-body"),
        pytest.param([b"SSH-2.0-OpenSSH\r\n"], id="not-http"),
    ],
)
async def test_broken_answer_is_an_error_or_repeated_once_where_that_is_harmless(
    pieces: Sequence[bytes],
) -> None:
    async with serving(pieces, pieces, [OK]) as (server, netloc), pool_to(netloc) as pool:
        with pytest.raises(ConnectionError):
            await pool.exchange(REQUEST)
        assert len(server.requests) == 1
        assert await pool.exchange_or_repeat(REQUEST) == Answer(200, b"{}")

    assert len(server.requests) == 3


async def test_broken_repeat_is_an_error() -> None:
    async with serving([CLOSE], [CLOSE], [OK]) as (server, netloc), pool_to(netloc) as pool:
        with pytest.raises(ConnectionError):
            await pool.exchange_or_repeat(REQUEST)

    assert len(server.requests) == 2


async def test_what_comes_unasked_is_taken_for_no_answer() -> None:
    timeout = b"HTTP/1.1 408 Request Timeout\r\ncontent-length: 0\r\n\r\n"
    async with serving([OK, timeout], [OK]) as (server, netloc), pool_to(netloc) as pool:
        await pool.exchange(REQUEST)
        await asyncio.sleep(0.02)  # so that it arrives while nothing is asked
        assert (await pool.exchange(REQUEST)).status == 200

    assert server.sockets == 2


async def test_connection_that_was_idle_for_too_long_is_not_used() -> None:
    async with serving([OK], [OK]) as (server, netloc), pool_to(netloc, max_idle_seconds=0) as pool:
        for _ in range(2):
            await pool.exchange(REQUEST)

    assert server.sockets == 2


async def test_origin_of_a_url_has_the_default_ports_and_the_host_header() -> None:
    plain, other = Origin.of("http://edge.example/x"), Origin.of("http://edge.example:8080")

    assert (plain.host, plain.port, plain.netloc, plain.tls) == (
        "edge.example",
        80,
        "edge.example",
        None,
    )
    assert (other.port, other.netloc) == (8080, "edge.example:8080")
    secure = Origin.of("https://edge.example")
    assert secure.port == 443
    assert secure.tls is not None
    assert secure.tls.verify_mode is ssl.CERT_REQUIRED
    assert secure.tls.check_hostname


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate of its own for `localhost`, with its key."""
    file = tmp_path_factory.mktemp("tls") / "localhost.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1"
    command += (
        f" -keyout {file} -out {file}.crt -subj /CN=localhost -addext subjectAltName=DNS:localhost"
    )
    subprocess.run(command.split(), check=True, capture_output=True)
    file.write_text(file.read_text() + Path(f"{file}.crt").read_text())
    return file


async def test_https_names_the_host_in_its_handshake_and_trusts_no_stranger(
    certificate: Path,
) -> None:
    named: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    tls.sni_callback = lambda _socket, name, _context: named.append(name)
    trusting = ssl.create_default_context(cafile=str(certificate))
    async with serving([OK], tls=tls) as (_, netloc):
        url = f"https://localhost:{netloc.rpartition(':')[2]}"
        trusted = replace(Origin.of(url), tls=trusting)
        pool = ConnectionPool(trusted, limit=1, max_idle_seconds=30)
        assert await pool.exchange(REQUEST) == Answer(200, b"{}")
        await pool.close()
        assert named == ["localhost"]

        stranger = ConnectionPool(Origin.of(url), limit=1, max_idle_seconds=30)
        with pytest.raises(UnreachableError, match="certificate"):
            await stranger.exchange(REQUEST)
