"""What was read of the last document is kept."""

import pytest

from spapi_invoices.documents.findings import Unreadable
from spapi_invoices.documents.last_document import last_kept


def test_each_is_read_once_in_a_row():
    """Several readers look at one document in turn; one that cannot be read is told to each of them, and not opened again."""
    seen = []

    def length(content: bytes) -> int:
        seen.append(content)
        if not content:
            raise Unreadable("pdf_broken", "the PDF is broken")
        return len(content)

    read = last_kept(length)
    assert [read(b"a"), read(b"a")] == [1, 1]
    for _ in range(3):
        with pytest.raises(Unreadable, match="the PDF is broken") as caught:
            read(b"")
        assert caught.value.found.finding == "pdf_broken"
    assert (read(b"a"), seen) == (1, [b"a", b"", b"a"])
