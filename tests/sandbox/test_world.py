"""The synthetic world: of any size, never held, the same again."""

import base64
import copy
import hashlib
import random
import tracemalloc
from datetime import UTC, datetime, timedelta, timezone
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spapi_invoices.documents import nfe
from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox import world as worlds
from spapi_invoices.sandbox.cases import CASES
from spapi_invoices.sandbox.stage import WAREHOUSES, cpf
from spapi_invoices.sandbox.world import END, START, World, make_world

LARGE = make_world(customer_invoices=100_000, shipments=100_000)
SOME = range(0, 100_000, 997)
# A bit over four decks, so that borders and a last deck that is not whole are among them.
_sizes = st.integers(0, 450)
_worlds = st.builds(
    make_world,
    st.integers(0, 10),
    customer_invoices=_sizes,
    shipments=_sizes,
    start=st.sampled_from([START, START - timedelta(days=90)]),
)


def forget() -> None:
    """Make everything anew from here."""
    for cache in (worlds._times, worlds._made):
        cache.cache_clear()


def everything(world: World) -> tuple[object, ...]:
    """All that a world says, but for the documents' bytes."""
    return list(world.purchase_orders), list(world.shipments.items()), list(world.crosswalk.items())


def problems(world: World) -> list[str | None]:
    """What our own reader says against each NF-e."""
    return [None if one.nfe is None else nfe.READER.read(one.nfe).problem for one in world.shipments.values()]


class TestSeed:
    """One seed, one world."""

    def test_a_seed_is_a_world(self):
        """One seed, one world, to the byte; another seed, another."""
        first, contents = everything(make_world(5)), [one.content for one in make_world(5).purchase_orders]
        nfes = list(make_world(5).nfe_files())
        forget()
        again = make_world(5)
        assert everything(again) == first
        assert [one.content for one in again.purchase_orders] == contents
        assert list(again.nfe_files()) == nfes
        other = make_world(6)
        assert not set(other.shipments) & set(again.shipments)
        assert not {one.number for one in other.purchase_orders} & {one.number for one in again.purchase_orders}
        assert [xml for _, xml in other.nfe_files()] != [xml for _, xml in nfes]

    def test_a_deck_is_the_same_however_it_is_reached(self):
        """A document or shipment made alone is the one made in passing, from either end."""
        world = make_world(customer_invoices=450, shipments=450)
        orders, shipments = list(world.purchase_orders), dict(world.shipments)
        forget()
        assert [world.purchase_orders[at] for at in reversed(range(450))] == orders[::-1]
        forget()
        for shipment_id in random.Random(1).sample(list(shipments), 100):
            assert world.shipments[shipment_id] == shipments[shipment_id]

    def test_the_default_is_the_demo(self):
        """16 documents, 25 shipments, October; what was there before this world could grow."""
        world = make_world()
        assert (len(world.purchase_orders), len(world.shipments), len(world.crosswalk)) == (16, 25, 1)
        assert (world.start, world.end, world.now) == (START, END, datetime(2026, 11, 2, 9, tzinfo=UTC))


class TestSize:
    """As many as are wanted."""

    @settings(max_examples=40)
    @given(_worlds)
    def test_is_exact(self, world: World):
        """As many documents and shipments as asked for, by len and by going through."""
        assert len(list(world.purchase_orders)) == len(world.purchase_orders) == world.document_count
        assert len(list(world.shipments.values())) == len(world.shipments) == world.shipment_count
        assert len(list(world.crosswalk)) == len(world.crosswalk)

    def test_a_deck_has_every_case(self):
        """A hundred of each is one deck, with every case as often as the table says; the demo is its beginning."""
        assert make_world(customer_invoices=100, shipments=100).decks == 1
        assert sum(case.documents * case.times for case in CASES) == 100
        assert sum(case.shipments * case.times for case in CASES) == 100
        demo, deck = make_world(), make_world(customer_invoices=100, shipments=100)
        assert list(demo.shipments) == list(deck.shipments)[:25]
        assert {one.number for one in demo.purchase_orders} <= {one.number for one in deck.purchase_orders}

    def test_no_two_cases_share_an_order(self):
        """Over two decks each case has orders of its own, in invoices and shipments alike."""
        world, seen = make_world(customer_invoices=200, shipments=200), set()
        for deck in range(2):
            for case in range(len(worlds._DECK)):
                made = worlds._made(world, deck, case)
                orders = {one.detail["AmazonOrderId"] for one in made.shipments}
                for one in made.purchase_orders:
                    orders |= {one.invoice.order_id, *one.invoice.other_order_ids} - {None}
                assert not orders & seen
                seen |= orders

    def test_nothing_is_a_world_too(self):
        """Without documents and shipments everything is empty, and nothing is found."""
        world = make_world(customer_invoices=0, shipments=0)
        assert everything(world) == ([], [], [])
        assert world.available(START, END) == range(0)
        assert world.purchase_order("00000000") is None

    @pytest.mark.parametrize(
        ("wanted", "says"),
        [
            ({"customer_invoices": -1}, "a world of -1 customer invoices"),
            ({"shipments": 10_000_001}, "from 0 to 10000000"),
            ({"start": END, "end": START}, "too short"),
            ({"customer_invoices": 100_000, "end": START + timedelta(minutes=16)}, "too short"),
            ({"start": datetime(2026, 10, 1)}, "start has no time zone"),  # noqa: DTZ001 - that is the case
            ({"end": datetime(2026, 11, 1)}, "end has no time zone"),  # noqa: DTZ001 - that is the case
            (
                {"start": datetime(2006, 1, 1, 23, 59, tzinfo=UTC)},
                "start is 2006-01-01T23:59.* from 2006-01-02 to 2099-11-27",
            ),
            (
                {"end": datetime(2099, 11, 27, 0, 1, tzinfo=UTC)},
                "end is 2099-11-27T00:01.* from 2006-01-02 to 2099-11-27",
            ),
            ({"start": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}, "start is 0001-01-01"),
            ({"end": datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))}, "end is 9999-12-31"),
        ],
    )
    def test_what_cannot_be_is_refused(self, wanted, says: str):
        """A negative or too large number, a time that is too short or has no zone: said before anything is made."""
        with pytest.raises(InvalidRequest, match=says):
            make_world(**wanted)


class TestTime:
    """When documents became available."""

    @settings(max_examples=40)
    @given(_worlds, st.lists(st.floats(-0.1, 1.1), min_size=2, max_size=2))
    def test_a_window_is_what_lies_in_it(self, world: World, ends: list[float]):
        """The positions are those of the documents from the first moment on and before the second, and no others."""
        after, before = (world.start + (world.end - world.start) * part for part in ends)
        found = world.available(after, before)
        expected = [at for at, one in enumerate(world.purchase_orders) if after <= one.available_at < before]
        assert list(found) == expected

    @settings(max_examples=20)
    @given(_worlds.filter(lambda world: world.document_count > 0), st.data())
    def test_a_border_counts_once(self, world: World, data: st.DataObject):
        """A document at the border of two windows is in the second only."""
        at = data.draw(st.integers(0, world.document_count - 1))
        border = world.purchase_orders[at].available_at
        assert at in world.available(border, world.end)
        assert at not in world.available(world.start, border)

    @settings(max_examples=40)
    @given(_worlds)
    def test_order_is_that_of_time(self, world: World):
        """Later positions are never earlier, from the start of the world to before its end."""
        times = [one.available_at for one in world.purchase_orders]
        assert times == sorted(times)
        assert all(world.start <= one < world.end for one in times)

    def test_decks_follow_each_other(self):
        """Each deck's documents lie in its own part of the time, the parts meet, and all together are the whole."""
        parts = [LARGE.part(deck) for deck in range(LARGE.decks)]
        assert (parts[0][0], parts[-1][1]) == (LARGE.start, LARGE.end)
        assert all(one[1] == other[0] for one, other in pairwise(parts))
        assert all(begin < end for begin, end in parts)
        for deck in (0, 1, 500, 999):
            begin, end = parts[deck]
            of_deck = LARGE.purchase_orders[deck * 100 : deck * 100 + 100]
            assert all(begin <= one.available_at < end for one in of_deck)

    def test_few_documents_beside_many_shipments(self):
        """Both fill the range: the documents are not all of its first hour, nor the shipments that no document has."""
        world = make_world(customer_invoices=100, shipments=10_000)
        day = timedelta(days=1)
        times = [one.available_at for one in world.purchase_orders]
        assert times[0] - START < 2 * day
        assert END - times[-1] < 5 * day
        # The customer orders a day before.
        ordered = sorted(one.detail.get("PurchaseDate", "2026-10") for one in list(world.shipments.values())[100:])
        assert {text[:10] for text in ordered} >= {f"2026-10-{number:02}" for number in range(1, 31)}

    def test_a_zone_is_only_a_way_to_say_it(self):
        """A world whose ends are said in India's time is the one whose ends are said in UTC, to the byte, whichever is first."""
        india = timezone(timedelta(hours=5, minutes=30))
        there = make_world(start=START.astimezone(india), end=END.astimezone(india))
        assert (there.start.tzinfo, there.end.tzinfo) == (UTC, UTC)
        said = []
        for world in (there, make_world()):
            forget()
            said.append((everything(world), list(world.nfe_files())))
        assert said[0] == said[1]

    def test_the_earliest_and_the_latest(self):
        """At both ends of what is allowed, and over all of it, each document is made and found, and reads as it does today."""
        usual = problems(make_world(customer_invoices=100, shipments=100))
        first, last = datetime(2006, 1, 2, tzinfo=UTC), datetime(2099, 11, 27, tzinfo=UTC)
        for start, end in ((first, first + timedelta(hours=1)), (last - timedelta(hours=1), last), (first, last)):
            world = make_world(customer_invoices=100, shipments=100, start=start, end=end)
            assert problems(world) == usual
            assert world.available(start, end) == range(100)

    def test_a_century_of_ten_million(self):
        """The longest time and the largest number together are no overflow."""
        first, last = datetime(2006, 1, 2, tzinfo=UTC), datetime(2099, 11, 27, tzinfo=UTC)
        world = make_world(customer_invoices=10_000_000, shipments=10_000_000, start=first, end=last)
        assert world.part(world.decks - 1)[1] == last
        assert world.available(first, last) == range(10_000_000)
        assert first <= world.purchase_orders[0].available_at < world.purchase_orders[-1].available_at < last

    @pytest.mark.parametrize("seed", range(20))
    def test_the_last_day_is_quiet(self, seed: int):
        """A range whose end is the demo's last day has all of it, so a newcomer who forgets that ends are exclusive sees it."""
        world = make_world(seed)
        assert world.available(START, END - timedelta(days=1)) == range(16)


class TestPurchaseOrders:
    """A sequence."""

    def test_is_sliced_and_indexed_as_a_list(self):
        """Slices, negative positions and what lies outside are as of a list."""
        orders = make_world().purchase_orders
        listed = list(orders)
        assert list(orders[3:9:2]) == listed[3:9:2]
        assert list(orders[::-1]) == listed[::-1]
        assert (orders[-1], orders[2:][0]) == (listed[-1], listed[2])
        assert listed[4] in orders
        with pytest.raises(IndexError):
            orders[16]

    def test_two_warehouses(self):
        """Both ship a good part of it, so a filter by warehouse means something."""
        parties = [one.ship_from_party_id for one in make_world(customer_invoices=100, shipments=0).purchase_orders]
        assert set(parties) == set(WAREHOUSES)
        assert all(parties.count(one) > 25 for one in WAREHOUSES)


class TestLookup:
    """By id."""

    @settings(max_examples=20)
    @given(_worlds)
    def test_every_number_is_found(self, world: World):
        """Asked by its number a purchase order gives its latest document that is there."""
        latest = {one.number: one for one in world.purchase_orders}
        assert {number: world.purchase_order(number) for number in latest} == latest

    @settings(max_examples=20)
    @given(_worlds)
    def test_every_shipment_is_found(self, world: World):
        """Every id leads to the shipment that has it."""
        assert all(world.shipments[name].shipment_id == name and name in world.shipments for name in world.shipments)

    def test_a_detail_is_the_callers_own(self):
        """Who changes a detail, at any depth, changes it for nobody: not for the next caller, nor in the next world."""
        world = make_world()
        name = next(iter(world.shipments))
        mine = world.shipments[name].detail
        before = copy.deepcopy(mine)
        mine["ShippingAddress"]["Name"] = mine["Payments"][0]["CardBrand"] = "changed"
        mine.clear()
        assert world.shipments[name].detail == make_world().shipments[name].detail == before

    @pytest.mark.parametrize(
        "text", ["", "D", "NOPE1234", "D1", "d" * 9, "D" * 9, "x" * 5000, "\ud800", "D0000000\u0660"]
    )
    def test_only_those_are_found(self, text: str):
        """Anything else is not there, whatever it looks like."""
        world = make_world()
        assert world.purchase_order(text) is None
        assert text not in world.shipments
        assert text not in world.crosswalk
        with pytest.raises(KeyError):
            world.shipments[text]

    def test_what_lies_beyond_is_not_found(self):
        """The ids of a larger world of the seed are not in the smaller one, a cut case among them."""
        small, large = make_world(), make_world(customer_invoices=450, shipments=450)
        assert [name for name in large.shipments if name in small.shipments] == list(small.shipments)
        numbers = {one.number for one in large.purchase_orders}
        found = {number for number in numbers if small.purchase_order(number)}
        assert found == {one.number for one in small.purchase_orders}

    def test_the_second_document_has_no_number_of_its_own(self):
        """A number that a re-issued document would have, were it a new purchase order, was never given out."""
        world = make_world(customer_invoices=100, shipments=0)
        given = {one.number for one in world.purchase_orders}
        possible = {world.ids.purchase_order_number(document) for document in range(100)}
        assert len(possible - given) == 2
        assert all(world.purchase_order(number) is None for number in possible - given)

    def test_a_cut_case_has_what_is_there(self):
        """Where the world ends between two documents of a purchase order, the first is the latest."""
        whole = make_world(customer_invoices=18, shipments=0)
        cut = make_world(customer_invoices=17, shipments=0)
        (number,) = {one.number for one in cut.purchase_orders} - {one.number for one in make_world().purchase_orders}
        first, second = (world.purchase_order(number) for world in (cut, whole))
        assert first is not None
        assert second is not None
        assert first.invoice.buyer_gstin is None
        assert second.invoice.buyer_gstin


class TestCrosswalk:
    """For invoices that state no order."""

    def test_names_what_states_none(self):
        """Its numbers are exactly those of invoices without an order id, and its orders those of their shipments."""
        world = make_world(customer_invoices=450, shipments=450)
        silent = {one.number for one in world.purchase_orders if one.invoice.order_id is None}
        assert set(world.crosswalk) == silent
        orders = {one.detail.get("AmazonOrderId") for one in world.shipments.values()}
        assert set(world.crosswalk.values()) <= orders
        assert len(set(world.crosswalk.values())) == len(silent) == 5

    def test_an_invoice_that_states_its_order_is_not_in_it(self):
        """Only what is needed is there."""
        world = make_world()
        assert [one.number in world.crosswalk for one in world.purchase_orders].count(True) == 1


class TestLarge:
    """A hundred thousand of each."""

    def test_ids_are_unique(self):
        """No two purchase orders, shipments, orders or persons share an id."""
        ids = LARGE.ids
        assert len({ids.purchase_order_number(one) for one in range(100_000)}) == 100_000
        assert len(set(LARGE.shipments)) == 100_000
        assert len({ids.order_id(one) for one in range(100_000)}) == 100_000
        assert len({cpf(one) for one in range(1, 100_001)}) == 100_000

    def test_what_is_made_is_unique(self):
        """Over many decks numbers of invoices, access keys and persons repeat only where the case says so."""
        orders = [LARGE.purchase_orders[at] for at in SOME]
        shipments = [LARGE.shipments[LARGE.ids.shipment_id(at)] for at in SOME]
        keys = [one.invoice.access_key for one in shipments if one.invoice]
        assert len(set(keys)) == len(keys) > 20
        assert len({one.invoice.invoice_number for one in orders}) == len({one.number for one in orders})
        by_order: dict[str, set[str]] = {}
        for one in shipments:
            if buyer := one.detail.get("BuyerTaxInfo"):
                number = buyer["TaxClassifications"][0]["Value"]
                by_order.setdefault(number, set()).add(one.detail["AmazonOrderId"])
        assert all(len(found) == 1 for found in by_order.values())

    def test_is_not_held(self):
        """What is made from end to end of it keeps a few megabytes, however many decks it comes from."""
        forget()
        tracemalloc.start()
        for at in range(0, 100_000, 2000):
            assert LARGE.purchase_orders[at].number
            assert all(LARGE.shipments[LARGE.ids.shipment_id(at + n)].detail for n in range(20))
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 10 * 2**20
        assert worlds._made.cache_info().currsize <= 512
        assert worlds._times.cache_info().currsize <= 16

    def test_documents_are_rendered_when_asked_for(self, monkeypatch: pytest.MonkeyPatch):
        """Looking at times, numbers and details renders nothing."""

        def refuse(*_: object, **__: object) -> bytes:
            raise AssertionError("rendered")

        forget()
        monkeypatch.setattr("spapi_invoices.synthetic.gst_pdf.render", refuse)
        monkeypatch.setattr("spapi_invoices.synthetic.nfe_xml.render", refuse)
        assert LARGE.purchase_orders[12_345].number
        assert LARGE.shipments[LARGE.ids.shipment_id(54_321)].detail
        assert len(LARGE.available(START, START + timedelta(days=7))) > 20_000


class TestFiles:
    """What sellers keep."""

    def test_one_name_each(self):
        """A file for each NF-e, named by its shipment, and one beside it where an event cancelled it."""
        world = make_world(customer_invoices=0, shipments=100)
        files = dict(world.nfe_files())
        kept = {f"{name}.xml" for name, one in world.shipments.items() if one.nfe}
        cancelled = {f"{name}-cancellation.xml" for name, one in world.shipments.items() if one.nfe_event}
        assert files.keys() == kept | cancelled
        assert len(cancelled) == 1

    def test_tax_ids_are_well_formed(self):
        """Check digits of the made-up CPF and GSTIN are right, by an independent library."""
        from stdnum.br import cpf as br_cpf
        from stdnum.in_ import gstin

        invoices = [one.invoice for one in make_world(customer_invoices=100, shipments=0).purchase_orders]
        numbers = {number for one in invoices for number in (one.seller_gstin, one.buyer_gstin) if number}
        assert len(numbers) == 2
        assert all(gstin.is_valid(number) for number in numbers)
        assert all(br_cpf.is_valid(cpf(person)) for person in (*range(1, 200), 99_999, 22_000_000))


def test_content_is_the_documents_bytes(sandbox):
    """What getCustomerInvoices returns decodes to the bytes of the world's document, one that is listed twice once."""
    frame = sandbox.client().customer_invoices(sandbox.world.start, sandbox.world.end).frame
    readable = [one for one in sandbox.world.purchase_orders if one.form != "undecodable"]
    digests = [(one.number, hashlib.sha256(base64.b64decode(one.content)).hexdigest()) for one in readable]
    fetched = frame.drop_nulls("content").select("purchase_order_number", "sha256")
    assert list(fetched.iter_rows()) == list(dict.fromkeys(digests))
