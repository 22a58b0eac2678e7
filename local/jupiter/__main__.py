"""`python -m local.jupiter --port N`: serves on the loopback. `PUT /fault` with the name of a fault, or with
nothing, switches it on or off."""

import argparse
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from local.jupiter.answers import FAULTS, reply_to
from workspace.ports import LOOPBACK


class Handler(BaseHTTPRequestHandler):
    """`fault` is that of all answers."""

    protocol_version = "HTTP/1.1"
    fault: str | None = None

    def do_GET(self) -> None:
        reply = reply_to(self.path, now=time.time(), fault=Handler.fault)
        if reply.status == 0:
            threading.Event().wait()
        self._answer(reply.status, reply.body)

    def do_PUT(self) -> None:
        name = self.rfile.read(int(self.headers.get("content-length", 0))).decode().strip()
        if self.path != "/fault" or (name and name not in FAULTS):
            self._answer(400, f"PUT /fault with one of {', '.join(FAULTS)}, or with nothing\n")
            return
        Handler.fault = name or None
        self._answer(200, f"fault: {name or 'none'}\n")

    def _answer(self, status: int, body: str) -> None:
        content = body.encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


class Server(ThreadingHTTPServer):
    """A request that gets no answer must not keep the process from ending."""

    daemon_threads = True


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m local.jupiter")
    parser.add_argument("--port", type=int, required=True)
    Server((LOOPBACK, parser.parse_args().port), Handler).serve_forever()


if __name__ == "__main__":
    main()
