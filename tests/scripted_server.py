"""A server on loopback whose answers are scripted by path, for what the sandbox does not do."""

import json
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

Reply = tuple[int, bytes]
TOKEN = "Atza|an-access-token-of-the-scripted-server"
RESTRICTED = "Atz.sprdt|a-restricted-token-of-the-scripted-server"
TOKENS: dict[str, Sequence[Reply]] = {
    "/auth/o2/token": [(200, json.dumps({"access_token": TOKEN, "token_type": "bearer", "expires_in": 3600}).encode())],
    "/tokens/2021-03-01/restrictedDataToken": [
        (200, json.dumps({"restrictedDataToken": RESTRICTED, "expiresIn": 3600}).encode())
    ],
}


@dataclass
class Script:
    """Replies by path: in order, the last one again; ``None`` drops the connection. ``asked`` has every path asked."""

    replies: dict[str, list[Reply | None]]
    endpoint: str = ""
    asked: list[str] = field(default_factory=list)

    def next(self, path: str) -> Reply | None:
        self.asked.append(path)
        replies = self.replies[path]
        return replies.pop(0) if len(replies) > 1 else replies[0]


@contextmanager
def scripted(replies: Mapping[str, Sequence[Reply | None]]) -> Iterator[Script]:
    """Serve tokens and these replies."""
    script = Script({path: list(some) for path, some in {**TOKENS, **replies}.items()})

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            reply = script.next(self.path.partition("?")[0])
            self.close_connection = True
            if reply is None:
                return
            status, body = reply
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            # As of a sandbox whose clock stands still: no quota.
            self.send_header("x-sandbox-time-scale", "0")
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - http.server's name

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        script.endpoint = f"http://127.0.0.1:{server.server_port}"
        try:
            yield script
        finally:
            server.shutdown()
            thread.join()
