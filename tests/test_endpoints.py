from collections import Counter

import pytest

from spapi_invoices.endpoints import LWA_HOST, MARKETPLACES, OPERATIONS, REGIONS, operation, restricted_operations

_DF = "vendorDirectFulfillmentShipping"


class TestRegions:
    """The regions."""

    def test_hosts(self) -> None:
        """Each region has the hosts of the guide's table, over TLS; Login with Amazon has one for all."""
        assert {code: (region.endpoint, region.sandbox_endpoint) for code, region in REGIONS.items()} == {
            code: (
                f"https://sellingpartnerapi-{code}.amazon.com",
                f"https://sandbox.sellingpartnerapi-{code}.amazon.com",
            )
            for code in ("na", "eu", "fe")
        }
        assert LWA_HOST == "https://api.amazon.com"


class TestMarketplaces:
    """The marketplaces."""

    def test_rows(self) -> None:
        """All 23 marketplaces are there, the United Kingdom under both of its names, and no id twice otherwise."""
        assert len(MARKETPLACES) == 24
        assert MARKETPLACES["UK"] == MARKETPLACES["GB"] == ("A1F83G8C2ARO7P", "eu")
        assert {code for code, times in Counter(MARKETPLACES.values()).items() if times > 1} == {MARKETPLACES["UK"]}

    def test_regions(self) -> None:
        """Every marketplace is in a region of the table, India in the European one, Brazil in the North American."""
        assert {region for _, region in MARKETPLACES.values()} == set(REGIONS)
        assert MARKETPLACES["IN"] == ("A21TJRUUN4KGV", "eu")
        assert MARKETPLACES["BR"] == ("A2Q3Y263D00KWC", "na")


class TestOperations:
    """The operations."""

    def test_restricted(self) -> None:
        """Three operations need a restricted data token, in every version they have; no other does."""
        assert {row.operation_id for row in OPERATIONS if row.restricted} == {
            "getCustomerInvoices",
            "getCustomerInvoice",
            "getShipmentDetails",
        }
        for row in OPERATIONS:
            twins = {twin.restricted for twin in OPERATIONS if twin.operation_id == row.operation_id}
            assert twins == {row.restricted}

    def test_found_by_name_and_version(self) -> None:
        """Name and version find exactly one row, and an unknown pair is a KeyError."""
        assert all(operation(row.operation_id, row.version) is row for row in OPERATIONS)
        with pytest.raises(KeyError):
            operation("getShipmentDetails", "v1")

    def test_restricted_of_one_api(self) -> None:
        """The restricted operations of one API version are found, in table order, and no others."""
        assert [row.path for row in restricted_operations(_DF, "v1")] == [
            "/vendor/directFulfillment/shipping/v1/customerInvoices",
            "/vendor/directFulfillment/shipping/v1/customerInvoices/{purchaseOrderNumber}",
        ]
        assert [row.operation_id for row in restricted_operations("shipmentInvoicing", "v0")] == ["getShipmentDetails"]
        assert restricted_operations("tokens", "2021-03-01") == ()

    def test_region_of_the_marketplace(self) -> None:
        """Customer invoices are asked for where India is, shipment invoicing where Brazil is, tokens everywhere."""
        regions = {row.api: row.region for row in OPERATIONS}
        assert regions == {
            _DF: MARKETPLACES["IN"][1],
            "shipmentInvoicing": MARKETPLACES["BR"][1],
            "tokens": None,
            "lwa": None,
        }

    def test_the_version_stands_in_the_path(self) -> None:
        """A path names its version, so two versions cannot be mixed up."""
        assert all(f"/{row.version}/" in row.path for row in OPERATIONS)
