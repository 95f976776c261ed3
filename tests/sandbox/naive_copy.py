"""A copy of everything from Zoho to Optiply, made anew from Zoho's own answers: slow, plain, and always right.

It shares nothing with the product, nor with the comparison, which reads the raw records of both simulators.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from optiply_caller import Caller

from stockbridge_sandbox.zoho.api import Zoho

Row = Mapping[str, Any]
Values = dict[str, Any]


def copy_all(zoho: Zoho, caller: Caller) -> None:
    """Bring Optiply to what Zoho's API tells now, and what Optiply's user ordered to Zoho."""
    caller.token = caller.ask_token().body["access_token"]  # it lives for a day
    copy = _Copy(zoho, caller)
    copy.items()
    copy.sales()
    copy.exports()
    copy.purchases()
    copy.assemblies()


class _Copy:
    def __init__(self, zoho: Zoho, caller: Caller) -> None:
        self.zoho = zoho
        self.caller = caller
        self.coupling = str(caller.login.coupling_id)

    # Zoho

    def ask(self, path: str, **query: str) -> Any:
        return self.zoho.direct("GET", path, query=query)

    def listed(self, path: str, key: str, id: str) -> Iterator[Row]:
        """The details of all records of a list."""
        page = 1
        while True:
            answer = self.ask(path, page=str(page))
            for row in answer[key]:
                yield next(
                    value
                    for name, value in self.ask(f"{path}/{row[id]}").items()
                    if name not in ("code", "message")
                )
            if not answer["page_context"]["has_more_page"]:
                return
            page += 1

    # Optiply

    def rows(self, resource: str) -> list[dict[str, Any]]:
        return self.caller.optiply.rows(resource)

    def remote(self, row: Row) -> str | None:
        value: str | None = row["remoteIdMap"].get(self.coupling)
        return value

    def known(self, resource: str) -> dict[str, int]:
        """Optiply ids by remote id."""
        return {self.remote(row) or "": int(row["id"]) for row in self.rows(resource)}

    def write(self, resource: str, wanted: Mapping[str, Values], keep: Values | None = None) -> None:
        """Create, change, and remove (or mark with `keep`) the rows of our coupling."""
        present = {self.remote(row) or "": row for row in self.rows(resource)}
        present.pop("", None)
        for remote, row in present.items():
            if remote not in wanted:
                if keep is None:
                    self.caller.delete(resource, row["id"])
                else:
                    self.caller.patch(resource, row["id"], keep)
        for remote, values in wanted.items():
            if remote in present:
                changes = {name: value for name, value in values.items() if not name.endswith("Id")}
                answer = self.caller.patch(resource, present[remote]["id"], changes)
            else:
                answer = self.caller.post(resource, {**values, "remoteId": remote})
            assert answer.status in (200, 201), (resource, remote, values, answer.body)

    # The streams

    def items(self) -> None:
        ids = [row["item_id"] for row in _pages(self.ask, "/items", "items")]
        details: list[Row] = []
        for start in range(0, len(ids), 100):
            details += self.ask("/itemdetails", item_ids=",".join(ids[start : start + 100]))["items"]
        vendors = {each["contact_id"]: each for each in _pages(self.ask, "/vendors", "contacts")}
        self.write("products", {each["item_id"]: _product(each) for each in details}, {"status": "disabled"})
        self.write(
            "suppliers",
            {
                id: {
                    "name": each["contact_name"],
                    "emails": [each["email"]] if each["email"] else [],
                    "ignored": False,
                }
                for id, each in vendors.items()
            },
            {"ignored": True},
        )
        products, suppliers = self.known("products"), self.known("suppliers")
        offers = {}
        for each in details:
            further = [one["vendor_id"] for one in each.get("preferred_vendors") or ()]
            for vendor_id in {each["vendor_id"], *further} & vendors.keys():
                offers[f"{each['item_id']}_{vendor_id}"] = {
                    "name": each["name"],
                    "skuCode": each["sku"],
                    "price": _money(each["purchase_rate"]),
                    "productId": products[each["item_id"]],
                    "supplierId": suppliers[vendor_id],
                    "status": "enabled",
                }
        self.write("supplierProducts", offers, {"status": "disabled"})
        compositions = {}
        for composite in self.listed("/compositeitems", "composite_items", "composite_item_id"):
            id = composite["composite_item_id"]
            parts: dict[str, Decimal] = {}
            for part in composite["composite_component_items"]:
                parts[part["item_id"]] = parts.get(part["item_id"], Decimal(0)) + Decimal(
                    str(part["quantity"])
                )
            for part_id, quantity in parts.items():
                if quantity == int(quantity):
                    compositions[f"{id}_{part_id}"] = {
                        "composedProductId": products[id],
                        "partProductId": products[part_id],
                        "partQuantity": int(quantity),
                    }
        self.write("productCompositions", compositions)

    def sales(self) -> None:
        products = self.known("products")
        for row in self.rows("sellOrders"):
            self.caller.delete("sellOrders", row["id"])
        for order in self.listed("/salesorders", "salesorders", "salesorder_id"):
            if order["order_status"] in ("draft", "void"):
                continue
            lines: dict[str, list[Decimal]] = {}
            for line in order["line_items"]:
                sums = lines.setdefault(line["item_id"], [Decimal(0), Decimal(0)])
                sums[0] += Decimal(str(line["quantity"]))
                sums[1] += Decimal(str(line["item_total"]))
            answer = self.caller.post(
                "sellOrders",
                {
                    "remoteId": order["salesorder_id"],
                    "placed": f"{order['date']}T00:00:00Z",
                    "totalValue": _money(order["total"]),
                    "orderLines": [
                        {
                            "productId": products[id],
                            "quantity": int(quantity),
                            "subtotalValue": _money(amount),
                        }
                        for id, (quantity, amount) in lines.items()
                    ],
                },
            )
            assert answer.status == 201, answer.body

    def exports(self) -> None:
        """What the user ordered and Zoho does not have."""
        items = {int(row["id"]): self.remote(row) for row in self.rows("products")}
        vendors = {int(row["id"]): self.remote(row) for row in self.rows("suppliers")}
        active = {
            row["item_id"]
            for row in _pages(self.ask, "/items", "items")
            if row["status"] == "active" and row["item_type"] != "sales"
        }
        for order in self.rows("buyOrders"):
            lines = [row for row in self.rows("buyOrderLines") if str(row["buyOrderId"]) == order["id"]]
            unknown = [line for line in lines if self.remote(line) is None]
            if order["createdFromPublicApi"] or order["completed"] or not lines:
                continue
            if order["assembly"]:
                for line in unknown:
                    self._export_assembly(order, line, items[line["productId"]], active)
            elif self.remote(order) is None and all(items[line["productId"]] in active for line in lines):
                body = {
                    "vendor_id": vendors[order["supplierId"]],
                    "reference_number": order["id"],
                    "line_items": [
                        {"item_id": items[line["productId"]], "quantity": line["quantity"]} for line in lines
                    ],
                }
                made = self.zoho.direct("POST", "/purchaseorders", body=body)["purchaseorder"]
                self.caller.patch("buyOrders", order["id"], {"remoteId": made["purchaseorder_id"]})
                for line, there in zip(lines, made["line_items"], strict=True):
                    self.caller.patch("buyOrderLines", line["id"], {"remoteId": there["line_item_id"]})

    def _export_assembly(self, order: Row, line: Row, item_id: str | None, active: set[str]) -> None:
        if item_id not in active:
            return
        recipe = self.ask(f"/compositeitems/{item_id}")["composite_item"]
        body = {
            "reference_number": line["id"],
            "date": order["placed"][:10],
            "composite_item_id": item_id,
            "composite_item_name": recipe["name"],
            "quantity_to_bundle": line["quantity"],
            "is_completed": False,
            "line_items": [
                {"item_id": part["item_id"], "name": part["name"], "quantity_consumed": part["quantity"]}
                for part in recipe["mapped_items"]
            ],
        }
        query = {"ignore_auto_number_generation": "true"}
        made = self.zoho.direct("POST", "/bundles", query=query, body=body)["bundle"]
        self.caller.patch("buyOrderLines", line["id"], {"remoteId": made["bundle_id"]})

    def purchases(self) -> None:
        products, suppliers = self.known("products"), self.known("suppliers")
        orders = [
            order
            for order in self.listed("/purchaseorders", "purchaseorders", "purchaseorder_id")
            if order["order_status"] not in ("cancelled", "rejected")
        ]
        wanted = {order["purchaseorder_id"]: _buy_order(order, suppliers) for order in orders}
        self._write_orders(wanted, assembly=False)
        ids = self.known("buyOrders")
        lines: dict[str, Values] = {}
        receipts: dict[str, Values] = {}
        for order in orders:
            for line in order["line_items"]:
                if line["item_id"] and line["quantity"] == int(line["quantity"]):
                    lines[line["line_item_id"]] = {
                        "buyOrderId": ids[order["purchaseorder_id"]],
                        "productId": products[line["item_id"]],
                        "quantity": int(line["quantity"]),
                        "subtotalValue": _money(line["item_total"]),
                        **_expected(order),
                    }
        plain = {int(row["id"]) for row in self.rows("buyOrders") if not row["assembly"]}
        self._write_below("buyOrderLines", "buyOrderId", plain, lines)
        line_ids = self.known("buyOrderLines")
        for order in orders:
            for receive in order["purchasereceives"]:
                for line in receive["line_items"]:
                    if line["line_item_id"] in lines and line["quantity"] == int(line["quantity"]):
                        receipts[f"{receive['receive_id']}_{line['line_item_id']}"] = {
                            "buyOrderLineId": line_ids[line["line_item_id"]],
                            "occurred": f"{receive['date']}T00:00:00Z",
                            "quantity": int(line["quantity"]),
                        }
        below = {int(row["id"]) for row in self.rows("buyOrderLines") if row["buyOrderId"] in plain}
        self._write_below("receiptLines", "buyOrderLineId", below, receipts)

    def assemblies(self) -> None:
        """An order for each bundle. What the user deleted or changed is set back; several lines share their order."""
        products, suppliers = self.known("products"), self.known("suppliers")
        vendor_of = {
            each["composite_item_id"]: each["vendor_id"]
            for each in self.listed("/compositeitems", "composite_items", "composite_item_id")
        }
        bundles = {each["bundle_id"]: each for each in self.listed("/bundles", "bundles", "bundle_id")}
        held: dict[str, Row] = {}
        for order in [row for row in self.rows("buyOrders") if row["assembly"]]:
            lines = [row for row in self.rows("buyOrderLines") if str(row["buyOrderId"]) == order["id"]]
            for line in lines:
                remote = self.remote(line) or (self.remote(order) if len(lines) == 1 else None)
                if remote is None:
                    continue
                if remote in bundles:
                    held[remote] = line
                    self.caller.patch("buyOrderLines", line["id"], {"remoteId": remote})
                elif len(lines) == 1:
                    self.caller.delete("buyOrders", order["id"])
                else:
                    self.caller.delete("buyOrderLines", line["id"])
        for id, bundle in bundles.items():
            quantity, total = int(bundle["quantity_to_bundle"]), _money(bundle["total"])
            if id in held:
                line_values = {"quantity": quantity, "subtotalValue": total, **_expected_bundle(bundle)}
                self.caller.patch("buyOrderLines", held[id]["id"], line_values)
            elif vendor_of[bundle["composite_item_id"]] in suppliers:
                values = {
                    "assembly": True,
                    "supplierId": suppliers[vendor_of[bundle["composite_item_id"]]],
                    "placed": f"{bundle['date']}T00:00:00Z",
                    "totalValue": total,
                    "remoteId": id,
                    **_expected_bundle(bundle),
                    "orderLines": [
                        {
                            "productId": products[bundle["composite_item_id"]],
                            "quantity": quantity,
                            "subtotalValue": total,
                            "remoteId": id,
                        }
                    ],
                }
                answer = self.caller.post("buyOrders", values)
                assert answer.status == 201, answer.body
        self._complete(bundles)

    def _complete(self, bundles: Mapping[str, Row]) -> None:
        receipts: dict[str, Values] = {}
        below = set()
        for order in [row for row in self.rows("buyOrders") if row["assembly"]]:
            lines = [row for row in self.rows("buyOrderLines") if str(row["buyOrderId"]) == order["id"]]
            own = {self.remote(line) or "": line for line in lines}
            below |= {int(line["id"]) for line in lines}
            done = [id for id in own if id in bundles and bundles[id]["is_completed"]]
            for id in done:
                receipts[id] = {
                    "buyOrderLineId": int(own[id]["id"]),
                    "occurred": f"{bundles[id]['date']}T00:00:00Z",
                    "quantity": int(bundles[id]["quantity_to_bundle"]),
                }
            if not own or "" in own:
                continue
            first = bundles[next(iter(own))]
            day = f"{first['date']}T00:00:00Z"
            changes: Values = {"completed": day if len(done) == len(own) else None}
            if len(own) == 1:
                changes |= {"placed": day, "totalValue": _money(first["total"])}
            self.caller.patch("buyOrders", order["id"], changes)
        self._write_below("receiptLines", "buyOrderLineId", below, receipts)

    def _write_orders(self, wanted: Mapping[str, Values], *, assembly: bool) -> None:
        for row in self.rows("buyOrders"):
            remote = self.remote(row)
            if row["assembly"] is not assembly or remote is None:
                continue
            if remote not in wanted or row["supplierId"] != wanted[remote]["supplierId"]:
                self.caller.delete("buyOrders", row["id"])
        present = {self.remote(row): row["id"] for row in self.rows("buyOrders")}
        for remote, values in wanted.items():
            if remote in present:
                changes = {name: value for name, value in values.items() if name != "supplierId"}
                self.caller.patch("buyOrders", present[remote], changes)
            else:
                assert self.caller.post("buyOrders", {**values, "remoteId": remote}).status == 201

    def _write_below(
        self, resource: str, reference: str, parents: set[int], wanted: Mapping[str, Values]
    ) -> None:
        """Rows of certain parents: exactly the wanted ones."""
        for row in self.rows(resource):
            remote = self.remote(row)
            if row[reference] not in parents:
                continue
            parent = self.caller.optiply.rows("buyOrders") if resource == "buyOrderLines" else []
            ours = any(
                int(order["id"]) == row[reference] and self.remote(order) is not None for order in parent
            )
            if (remote is None and ours) or (
                remote is not None and (remote not in wanted or row[reference] != wanted[remote][reference])
            ):
                self.caller.delete(resource, row["id"])
        present = {self.remote(row): row["id"] for row in self.rows(resource)}
        for remote, values in wanted.items():
            if remote in present:
                changes = {name: value for name, value in values.items() if not name.endswith("Id")}
                assert self.caller.patch(resource, present[remote], changes).status == 200
            else:
                answer = self.caller.post(resource, {**values, "remoteId": remote})
                assert answer.status == 201, answer.body


def _pages(ask: Any, path: str, key: str) -> Iterator[Row]:
    page = 1
    while True:
        answer = ask(path, page=str(page))
        yield from answer[key]
        if not answer["page_context"]["has_more_page"]:
            return
        page += 1


def _money(value: object) -> str:
    return str(Decimal(str(value)).quantize(Decimal("0.01")))


def _product(item: Row) -> Values:
    stock = item.get("actual_available_for_sale_stock")
    goods = item["product_type"] == "goods" and item["item_type"] == "inventory"
    created = datetime.fromisoformat(item["created_time"]).astimezone(UTC)
    return {
        "name": item["name"],
        "skuCode": item["sku"] or None,
        "eanCode": item["ean"] or None,
        "articleCode": " ".join(item["purchase_description"].split())[:255].strip() or None,
        "price": _money(item["rate"]),
        "status": "enabled" if goods and item["status"] == "active" else "disabled",
        "unlimitedStock": False,
        "stockLevel": int(stock or 0),
        "assembled": item["is_combo_product"],
        "createdAtRemote": created.isoformat(),
    }


def _buy_order(order: Row, suppliers: Mapping[str, int]) -> Values:
    completed = None
    if order["order_status"] == "closed":
        days = [receive["date"] for receive in order["purchasereceives"]]
        changed = datetime.fromisoformat(order["last_modified_time"]).astimezone(UTC).isoformat()
        completed = f"{max(days)}T00:00:00Z" if days else changed
    return {
        "supplierId": suppliers[order["vendor_id"]],
        "placed": f"{order['date']}T00:00:00Z",
        "totalValue": _money(order["total"]),
        "completed": completed,
        **_expected(order),
    }


def _expected(order: Row) -> Values:
    day = order["delivery_date"] or order["expected_delivery_date"]
    return {"expectedDeliveryDate": f"{day}T00:00:00Z"} if day else {}


def _expected_bundle(bundle: Row) -> Values:
    day = bundle["expected_bundle_date"]
    return {"expectedDeliveryDate": f"{day}T00:00:00Z"} if day else {}
