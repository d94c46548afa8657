"""What a running sandbox remembers and was told. Not for how it answers."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from spapi_invoices.errors import InvalidRequest
from spapi_invoices.sandbox.buckets import Bucket, Plan
from spapi_invoices.sandbox.clock import Clock
from spapi_invoices.sandbox.faults import Faults
from spapi_invoices.sandbox.world import World

MAX_LIMIT: Final = 100


@dataclass(frozen=True, slots=True)
class Submission:
    """An invoice that submitInvoice took.

    Attributes:
        shipment_id: The shipment it is for.
        sha256: Of the document's bytes, in hex.
        at: When, by the sandbox's clock.
        fault: Why it will end as Errored; ``None`` if it will be Accepted.
    """

    shipment_id: str
    sha256: str
    at: datetime
    fault: str | None = None


@dataclass(slots=True)
class State:
    """All of a sandbox. It grows with submissions alone.

    Attributes:
        world: What there is.
        clock: What time it is.
        faults: What goes wrong.
        static: Whether the official static examples are answered in place of the world.
        page_size: The most invoices of a page, whatever ``limit`` says.
        log: Gets a line for each request.
        submissions: All that were taken, in order.
        latest: The last one of each shipment.
        buckets: By account and operation.
        plans: By operation id, where they are not the documented ones.

    Raises:
        InvalidRequest: The page size is none that Amazon's ``limit`` could be.
    """

    world: World
    clock: Clock
    faults: Faults
    static: bool = False
    page_size: int = MAX_LIMIT
    log: Callable[[str], None] | None = None
    submissions: list[Submission] = field(default_factory=list)
    latest: dict[str, Submission] = field(default_factory=dict)
    buckets: dict[tuple[str, str, str], Bucket] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if not 1 <= self.page_size <= MAX_LIMIT:
            raise InvalidRequest(f"the sandbox's page_size is {self.page_size}. Next: give one from 1 to {MAX_LIMIT}")

    def set_plan(self, plan: Plan) -> None:
        """Give an operation another usage plan; every account's bucket begins anew."""
        self.plans[plan.operation] = plan
        self.buckets = {key: bucket for key, bucket in self.buckets.items() if key[1] != plan.operation}
