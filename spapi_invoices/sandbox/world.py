"""The synthetic world: purchase orders with their documents, shipments with theirs. Not for serving it: `sandbox.app` does.

A world is a row of equal decks, each with the cases of `sandbox.cases`, made when somebody looks: which deck, which case
and which time follow from a position or an id by arithmetic, so a world of any size is neither held nor searched.
"""

import random
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Final, NamedTuple, overload

import msgspec

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox.cases import CASES, ORDERS_PER_CASE, Made
from spapi_invoices.sandbox.ids import Ids, ids_of
from spapi_invoices.sandbox.records import PurchaseOrder, Shipment
from spapi_invoices.sandbox.stage import WAREHOUSES, Stage

SEED: Final = 2026
START: Final = datetime(2026, 10, 1, tzinfo=UTC)
END: Final = datetime(2026, 11, 1, tzinfo=UTC)
# From the end of the world to its now: 9 o'clock of the second day.
_LATER: Final = timedelta(hours=33)
_LARGEST: Final = 10_000_000
# Between these every NF-e has a date that one can have (the first were of 2006), and a month is left for what comes after.
_EARLIEST: Final = datetime(2006, 1, 2, tzinfo=UTC)
_LATEST: Final = datetime(2099, 11, 27, tzinfo=UTC)
_TICK: Final = timedelta(microseconds=1)
_SHORTEST_DECK: Final = timedelta(seconds=1)

# The cases of a deck one by one.
_DECK: Final = tuple(case for case in CASES for _ in range(case.times))


class _Slot(NamedTuple):
    """Where a document or a shipment comes from: the n-th one of a case of the deck."""

    case: int
    n: int


_DOCUMENTS: Final = tuple(_Slot(at, n) for at, case in enumerate(_DECK) for n in range(case.documents))
_SHIPMENTS: Final = tuple(_Slot(at, n) for at, case in enumerate(_DECK) for n in range(case.shipments))
_FIRST_DOCUMENT: Final = tuple(accumulate((case.documents for case in _DECK), initial=0))
_FIRST_SHIPMENT: Final = tuple(accumulate((case.shipments for case in _DECK), initial=0))
_CROSSED: Final = tuple(at for at, slot in enumerate(_DOCUMENTS) if _DECK[slot.case].crosswalk)


@dataclass(frozen=True)
class World:
    """All there is, from a seed, two numbers and two times.

    Documents and shipments are numbered from 0 in the order of decks and, in a deck, of cases; those from the wanted
    number on do not exist.

    Attributes:
        document_count: How many documents of purchase orders.
        shipment_count: How many shipments.
        start: No document is available before; UTC.
        end: All are before; UTC.
    """

    seed: int
    document_count: int
    shipment_count: int
    start: datetime
    end: datetime

    def __post_init__(self) -> None:
        for name, count in (("customer invoices", self.document_count), ("shipments", self.shipment_count)):
            if not 0 <= count <= _LARGEST:
                raise InvalidRequest(f"a world of {count} {name} is not made. Next: give a number from 0 to {_LARGEST}")
        if self.end - self.start < max(self.decks, 1) * _SHORTEST_DECK:
            raise InvalidRequest(
                f"from {self.start} to {self.end} is too short for a world of this size. Next: give an end that is later"
            )

    @property
    def now(self) -> datetime:
        """When its clock begins: after all that happened in it."""
        return self.end + _LATER

    @cached_property
    def decks(self) -> int:
        """How many decks it takes."""
        return max(self.document_decks, -(-self.shipment_count // len(_SHIPMENTS)))

    @property
    def document_decks(self) -> int:
        """How many of them have documents; they are the first."""
        return -(-self.document_count // len(_DOCUMENTS))

    @property
    def ids(self) -> Ids:
        """Its ids."""
        return ids_of(self.seed)

    @property
    def purchase_orders(self) -> "PurchaseOrders":
        """Each document with its purchase order, in the order in which they became available."""
        return PurchaseOrders(self, range(self.document_count))

    @property
    def shipments(self) -> "Shipments":
        """By shipment id, in the order of decks and cases."""
        return Shipments(self)

    @property
    def crosswalk(self) -> "Crosswalk":
        """Purchase order to Amazon order, for the invoices that state no order."""
        return Crosswalk(self)

    def purchase_order(self, number: str) -> PurchaseOrder | None:
        """The latest document of a purchase order; ``None`` if there is no such number."""
        document = self.ids.document_of(number)
        if document is None or document >= self.document_count:
            return None
        deck, at = divmod(document, len(_DOCUMENTS))
        made, first = _made(self, deck, _DOCUMENTS[at].case), document - _DOCUMENTS[at].n
        there = made.purchase_orders[: self.document_count - first]
        return next((one for one in reversed(there) if one.number == number), None)

    def available(self, after: datetime, before: datetime) -> range:
        """The positions in `purchase_orders` of what became available from ``after`` on and before ``before``."""
        return range(self._available_before(after), self._available_before(before))

    def nfe_files(self) -> Iterator[tuple[str, bytes]]:
        """File name and XML of all that sellers keep: each NF-e under its shipment's id, cancellations beside them."""
        for shipment_id, shipment in self.shipments.items():
            for suffix, content in (("", shipment.nfe), ("-cancellation", shipment.nfe_event)):
                if content is not None:
                    yield f"{shipment_id}{suffix}.xml", content

    def part(self, deck: int) -> tuple[datetime, datetime]:
        """When a deck's part of the time begins and ends: decks with documents share all of it, and so do those without."""
        with_documents = self.document_decks
        if deck < with_documents:
            return self._share(deck, with_documents), self._share(deck + 1, with_documents)
        deck, without = deck - with_documents, self.decks - with_documents
        return self._share(deck, without), self._share(deck + 1, without)

    def _share(self, n: int, of: int) -> datetime:
        # In whole ticks: a century times a hundred thousand is more than a timedelta holds.
        return self.start + _TICK * ((self.end - self.start) // _TICK * n // of)

    def _available_before(self, moment: datetime) -> int:
        deck = bisect_right(range(self.document_decks), moment, key=lambda deck: self.part(deck)[0]) - 1
        if deck < 0:
            return 0
        in_deck = bisect_left(_times(self, deck), (moment,))
        return min(self.document_count, deck * len(_DOCUMENTS)) + in_deck


def make_world(
    seed: int = SEED,
    *,
    customer_invoices: int = 16,
    shipments: int = 25,
    start: datetime = START,
    end: datetime = END,
) -> World:
    """The world of a seed: the same arguments, the same bytes. The defaults are the demo's.

    Args:
        seed: Which world.
        customer_invoices: How many documents of purchase orders, a re-issued one counted again.
        shipments: How many shipments.
        start: When the first may become available; aware.
        end: Before which all are; aware.

    Raises:
        InvalidRequest: A number is negative or above ten million, or the time does not suffice or is not of this century.
    """
    return World(seed, customer_invoices, shipments, _utc("start", start), _utc("end", end))


def _utc(name: str, moment: datetime) -> datetime:
    """The same moment in UTC: the world's dates must not depend on the zone in which it was asked for."""
    if moment.utcoffset() is None:
        raise InvalidRequest(f"the world's {name} has no time zone. Next: give it one, as UTC")
    if not _EARLIEST <= moment <= _LATEST:
        raise InvalidRequest(
            f"the world's {name} is {moment.isoformat()}. Next: give one from {_EARLIEST:%Y-%m-%d} to {_LATEST:%Y-%m-%d}"
        )
    return moment.astimezone(UTC)


# Neighbours are asked for together, and a window has two ends.
@lru_cache(maxsize=16)
def _times(world: World, deck: int) -> tuple[tuple[datetime, int], ...]:
    """When each document of a deck became available, and which of the deck it is, in the order of time."""
    there = range(min(len(_DOCUMENTS), world.document_count - deck * len(_DOCUMENTS)))
    times = [_stage(world, deck, at).times if case.documents else () for at, case in enumerate(_DECK)]
    return tuple(sorted((times[_DOCUMENTS[at].case][_DOCUMENTS[at].n], at) for at in there))


# A page of a hundred invoices, and as many shipments.
@lru_cache(maxsize=512)
def _made(world: World, deck: int, case: int) -> Made:
    """What a case of a deck makes, whichever were made before it."""
    return _DECK[case].make(_stage(world, deck, case))


def _stage(world: World, deck: int, case: int) -> Stage:
    chance = random.Random(f"{world.seed} deck {deck} case {case}")  # noqa: S311 - a made-up world, not a secret
    begin, end = world.part(deck)
    # The last tenth is for the documents that follow, half-way from the first to the end if there are two.
    moment = begin + _TICK * chance.randrange((end - begin) * 9 // 10 // _TICK)
    documents = max(_DECK[case].documents, 1)
    return Stage(
        chance=chance,
        ids=world.ids,
        first_order=_first_order(deck, case),
        first_document=deck * len(_DOCUMENTS) + _FIRST_DOCUMENT[case],
        first_shipment=deck * len(_SHIPMENTS) + _FIRST_SHIPMENT[case],
        times=tuple(moment + (end - moment) * n // documents for n in range(documents)),
        warehouse=chance.choice(WAREHOUSES),
    )


def _first_order(deck: int, case: int) -> int:
    return (deck * len(_DECK) + case) * ORDERS_PER_CASE


@dataclass(frozen=True, slots=True)
class PurchaseOrders(Sequence[PurchaseOrder]):
    """The documents at some positions in the order of time, each made when it is asked for."""

    world: World
    positions: range

    def __len__(self) -> int:
        return len(self.positions)

    @overload
    def __getitem__(self, index: int) -> PurchaseOrder: ...
    @overload
    def __getitem__(self, index: slice) -> "PurchaseOrders": ...
    def __getitem__(self, index: int | slice) -> "PurchaseOrder | PurchaseOrders":
        """The document at a position, or those at several."""
        if isinstance(index, slice):
            return PurchaseOrders(self.world, self.positions[index])
        deck, rank = divmod(self.positions[index], len(_DOCUMENTS))
        _, at = _times(self.world, deck)[rank]
        slot = _DOCUMENTS[at]
        return _made(self.world, deck, slot.case).purchase_orders[slot.n]


@dataclass(frozen=True, slots=True)
class Shipments(Mapping[str, Shipment]):
    """The shipments of a world, each made when it is asked for; the ids alone are computed."""

    world: World

    def __len__(self) -> int:
        return self.world.shipment_count

    def __iter__(self) -> Iterator[str]:
        return map(self.world.ids.shipment_id, range(self.world.shipment_count))

    def __contains__(self, shipment_id: object) -> bool:
        return isinstance(shipment_id, str) and self._number(shipment_id) is not None

    def __getitem__(self, shipment_id: str) -> Shipment:
        """The shipment; its detail is the caller's own, to be changed without changing the world.

        Raises:
            KeyError: The id was never given out.
        """
        number = self._number(shipment_id)
        if number is None:
            raise KeyError(shipment_id)
        deck, at = divmod(number, len(_SHIPMENTS))
        slot = _SHIPMENTS[at]
        shipment = _made(self.world, deck, slot.case).shipments[slot.n]
        return replace(shipment, detail=msgspec.to_builtins(shipment.detail))

    def _number(self, shipment_id: str) -> int | None:
        number = self.world.ids.shipment_of(shipment_id)
        return number if number is not None and number < self.world.shipment_count else None


@dataclass(frozen=True, slots=True)
class Crosswalk(Mapping[str, str]):
    """Purchase order number to Amazon order id, in the order of decks; nothing is made for it."""

    world: World

    def __len__(self) -> int:
        return sum(len(documents) for documents in self._documents())

    def __iter__(self) -> Iterator[str]:
        return (self.world.ids.purchase_order_number(one) for documents in self._documents() for one in documents)

    def __getitem__(self, number: str) -> str:
        """The order.

        Raises:
            KeyError: The number was never given out, or its invoice states its order.
        """
        document = self.world.ids.document_of(number)
        if document is None or not any(document in documents for documents in self._documents()):
            raise KeyError(number)
        deck, at = divmod(document, len(_DOCUMENTS))
        return self.world.ids.order_id(_first_order(deck, _DOCUMENTS[at].case))

    def _documents(self) -> list[range]:
        return [range(at, self.world.document_count, len(_DOCUMENTS)) for at in _CROSSED]
