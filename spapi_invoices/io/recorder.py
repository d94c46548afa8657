"""Records what a client asked and was answered as a cassette that is safe to share. Not for scrubbing: `recording` does.

A call of the client is recorded when it ends: with a result, or with an error that Amazon answered, for that is the
recording one wants to show. A call that got no answer, was interrupted or crashed is not. After each call the file is
written whole, so at any moment it is absent or complete. With ``with client:`` the same is true of the whole block: it
is written at its end, and a block that is interrupted or crashes leaves the file as it was.

vcrpy writes the file but does not record: it would put its own ``http.client`` under the whole process, and what other
code in it asks of other hosts would be in the file too. Here only the client's own session is heard.
"""

import hashlib
import hmac
import tempfile
import threading
import warnings
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from spapi_invoices.core.wire import Secret
from spapi_invoices.errors import FileFailed, MissingExtra, SpapiInvoicesError, TransportFailed
from spapi_invoices.io.files import write_whole
from spapi_invoices.io.settings import Profile
from spapi_invoices.recording import Exchange, audit, scrub

# The same account gives the same fakes in every recording; without its secret nobody can try values against them.
_PURPOSE: Final = b"spapi_invoices: fakes of a recording"
# Settings of the profile that the file keeps, under this name: whoever replays it must share them to ask the same.
METADATA: Final = "spapi_invoices"
SHARED: Final = ("time_zone", "api_version")
HEADER: Final = "# Recorded by spapi-invoices and scrubbed. Before you share it: spapi-invoices cassette audit FILE\n"


class _Heard(threading.local):
    """The exchanges of the call that runs on this thread. What is asked outside of a call is nobody's."""

    def __init__(self) -> None:
        self.exchanges: list[Exchange] = []


class Recorder:
    """Collects the exchanges of one client, in memory, and writes them. Safe for any number of threads.

    The whole file is scrubbed and written each time, some milliseconds an exchange, so the cost of single calls grows with the
    square of their number: many calls go into one ``with client:``.

    A call that succeeded has succeeded, also where its recording cannot be written: that is a ``RuntimeWarning`` then, and
    an error at the end of a block.

    Args:
        path: The cassette; what is there is replaced when the first call ends.
        profile: Whose account it is: its credentials must not be in the file, and the fakes are derived from them.
        keep_documents: Leave invoices as they are, personal data included, in place of synthetic ones.

    Attributes:
        path: The cassette.
        written: How many exchanges it holds; 0 while there is no file of ours.

    Raises:
        MissingExtra: vcrpy is not installed.
        FileFailed: The path cannot be written.
    """

    def __init__(self, path: Path | str, profile: Profile, *, keep_documents: bool = False) -> None:
        _check_vcrpy()
        # Absolute, for a notebook may change its folder in between.
        self.path, self._profile, self._keep_documents = Path(path).absolute(), profile, keep_documents
        _check_writable(self.path)
        self._heard = _Heard()
        self._ended: list[Exchange] = []
        self.written = 0
        self._blocks, self._lock = 0, threading.RLock()

    @property
    def pending(self) -> int:
        """How many exchanges are not in the file yet."""
        return len(self._ended) - self.written

    def replaced(self) -> Counter[str]:
        """How often a thing of each kind was replaced, over all that is recorded."""
        return Counter(one.kind for one in audit(self._ended, allow_documents=self._keep_documents))

    def hear(self, exchange: Exchange) -> None:
        """Take one exchange of the call that runs on this thread."""
        self._heard.exchanges.append(exchange)

    @contextmanager
    def call(self) -> Iterator[None]:
        """The exchanges heard in this block are recorded together or not at all."""
        outer, mine = self._heard.exchanges, list[Exchange]()
        self._heard.exchanges = mine
        try:
            yield
        except SpapiInvoicesError as error:
            if _was_answered(error):
                self._end(mine)
            raise
        else:
            self._end(mine)
        finally:
            self._heard.exchanges = outer

    def begin_block(self) -> None:
        """From here on the file waits for the end of the block. Blocks may be nested, on any threads."""
        with self._lock:
            self._blocks += 1

    def end_block(self, error: BaseException | None) -> None:
        """Write the file, if this was the last block.

        Args:
            error: What ended the block, if not its end: unless Amazon answered it, nothing of the block is kept.

        Raises:
            FileFailed: The file cannot be written.
        """
        with self._lock:
            self._blocks -= 1
            if error is not None and not (isinstance(error, SpapiInvoicesError) and _was_answered(error)):
                self.discard()
            self._write()

    def discard(self) -> None:
        """Forget what is not yet in the file."""
        with self._lock:
            del self._ended[self.written :]

    def _end(self, mine: list[Exchange]) -> None:
        if not mine:
            return
        with self._lock:
            self._ended += mine
            try:
                self._write()
            except FileFailed as error:
                # The call's result is worth more than its recording: an invoice that was sent must not look as if it was not.
                warnings.warn(
                    f"the call was answered, its recording is not written: {error}", RuntimeWarning, stacklevel=6
                )

    def _write(self) -> None:
        # All anew each time: a value found to be personal in the last answer is replaced in the first one too.
        if self.pending and not self._blocks:
            secrets = (self._profile.client_secret, self._profile.refresh_token, Secret(self._profile.client_id))
            clean = scrub(self._ended, _key(self._profile), secrets, keep_documents=self._keep_documents)
            write_whole(self.path, as_cassette(clean, self._profile).encode("utf-8"))
            self.written = len(self._ended)


def _was_answered(error: BaseException | None) -> bool:
    while error is not None:
        if isinstance(error, TransportFailed):
            return False
        error = error.__cause__
    return True


def as_cassette(exchanges: Sequence[Exchange], profile: Profile) -> str:
    """Exchanges in the format that vcrpy reads, with the settings that a replay must share to ask the same again."""
    from vcr.request import Request  # noqa: PLC0415 - an extra
    from vcr.serialize import serialize  # noqa: PLC0415 - an extra

    recorded = {
        "requests": [
            Request(one.method, one.url, one.request_body or None, dict(one.request_headers)) for one in exchanges
        ],
        "responses": [_response(one) for one in exchanges],
        "metadata": {METADATA: {key: getattr(profile, key) for key in SHARED}},
    }
    text: str = serialize(recorded, _WithDigests([one.body_sha256 for one in exchanges]))
    return HEADER + text


def _response(exchange: Exchange) -> dict[str, Any]:
    return {
        "status": {"code": exchange.status, "message": exchange.reason},
        "headers": {name: [value] for name, value in exchange.response_headers},
        "body": {"string": exchange.response_body},
    }


@dataclass(frozen=True, slots=True)
class _WithDigests:
    """vcrpy's YAML, with the digest of the body as it was sent beside each interaction whose document was replaced."""

    digests: Sequence[str]

    def serialize(self, cassette: dict[str, Any]) -> str:
        from vcr.serializers import yamlserializer  # noqa: PLC0415 - an extra

        for interaction, digest in zip(cassette["interactions"], self.digests, strict=True):
            interaction.update({"body_sha256": digest} if digest else {})
        text: str = yamlserializer.serialize(cassette)
        return text


def _key(profile: Profile) -> bytes:
    return hmac.new(profile.client_secret.reveal().encode("utf-8"), _PURPOSE, hashlib.sha256).digest()


def _check_vcrpy() -> None:
    try:
        import vcr  # noqa: F401, PLC0415 - an extra
    except ImportError:
        raise MissingExtra.of("vcrpy", "record") from None


def _check_writable(path: Path) -> None:
    """Better no first request than a recording that cannot be kept."""
    try:
        if path.is_dir():
            example = path / "recording.yaml"
            raise FileFailed(f"{path} is a folder, not a file to record to. Next: give a path as {example}")
        folder = path.resolve().parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except (OSError, RuntimeError) as error:
        reason = getattr(error, "strerror", None) or "its links lead in a circle"
        raise FileFailed(f"{path} cannot be recorded to: {reason}. Next: give another path, or make room") from None
