"""Filters, sorts and pages of the simulated Optiply."""

from urllib.parse import parse_qsl, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from optiply_caller import Answer, Caller

from stockbridge_sandbox.optiply.table import Table


@pytest.fixture(scope="module")
def shop() -> Caller:
    """Products p0 to p9: price n, stock 10 - n, one second apart; p3 has no price, p4 is disabled."""
    caller = Caller()
    for n in range(10):
        caller.product(
            f"p{n}",
            stockLevel=10 - n,
            price=None if n == 3 else n + 0.5,
            status="disabled" if n == 4 else "enabled",
            skuCode=f"SKU-{n}",
            remoteId=f"R{n}",
            createdAtRemote=None if n < 8 else "2026-01-01T00:00:00Z",
        )
        caller.clock.advance(1)
    return caller


def names(answer: Answer) -> list[str]:
    assert answer.status == 200, answer.body
    return [row["attributes"]["name"] for row in answer.body["data"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("filter[skuCode]=sku-7", "7"),
        ("filter[skuCode][eq]=SKU-7", "7"),
        ("filter[name][NEQ]=p0&filter[stockLevel][GE]=9", "1"),
        ("filter[status]=DISABLED", "4"),
        ("filter[status][NEQ]=disabled&filter[stockLevel][LE]=6", "56789"),
        ("filter[price]=null", "3"),
        ("filter[price][NEQ]=null&filter[price][LT]=2", "01"),
        ("filter[price][LE]=1.5", "01"),
        ("filter[price][EQ]=1.50", "1"),
        ("filter[price][GT]=8.5", "9"),
        ("filter[price][GE]=8.5", "89"),
        ("filter[stockLevel]=1", "9"),
        ("filter[unlimitedStock]=true", ""),
        ("filter[unlimitedStock]=FALSE&filter[stockLevel][LT]=2", "9"),
        ("filter[name][LIKE]=P_", "0123456789"),
        ("filter[skuCode][LIKE]=%25-8", "8"),
        ("filter[skuCode][LIKE]=-8", ""),
        ("filter[remoteId]=r6", "6"),
        ("filter[createdAtRemote]=null&filter[stockLevel][LT]=5", "67"),
        ("filter[createdAtRemote]=2026-01-01T01:00:00%2B01:00", "89"),
        ("filter[updatedAt][GT]=2026-03-09T08:00:07%2B00:00", "89"),
        ("filter[updatedAt][GE]=2026-03-09T08:00:07Z", "789"),
        ("filter[updatedAt][GE]=2026-03-09T08:00:07.5Z", "89"),
        ("filter[updatedAt][LT]=2026-03-09T08:00:00.5Z", "0"),
        ("filter[updatedAt][LE]=2026-03-09T09:00:00%2B01:00", "0"),
        ("filter[accountId]=1380&filter[skuCode]=SKU-1", "1"),
        ("filter[accountId]=1381", ""),
        ("filter[createdFromPublicApi]=false", ""),
        ("sort=-id", "9876543210"),
        ("sort=stockLevel", "9876543210"),
        ("sort=-updatedAt", "9876543210"),
        ("sort=price", "0124567893"),
        ("sort=-price", "9876542103"),
        ("sort=status,-stockLevel", "4012356789"),
    ],
)
def test_filters_and_sorts(shop: Caller, query: str, expected: str) -> None:
    pairs = parse_qsl(query, keep_blank_values=True)
    if not any(name == "sort" for name, _ in pairs):
        pairs.append(("sort", "id"))
    answer = shop.get("products", *pairs)
    assert names(answer) == [f"p{n}" for n in expected]
    assert answer.body["meta"] == {"totalResourceCount": len(expected)}


def test_a_row_is_found_by_its_id(shop: Caller) -> None:
    second = shop.get("products", ("sort", "id")).ids[1]
    assert names(shop.get("products", ("filter[id]", second))) == ["p1"]


@pytest.mark.parametrize(
    "query",
    [
        ("filter[colour]", "red"),
        ("filter[price][NEAR]", "1"),
        ("filter[price]", "cheap"),
        ("filter[stockLevel]", "1.5"),
        ("filter[unlimitedStock]", "maybe"),
        ("filter[updatedAt][GT]", "yesterday"),
        ("filter[price][GT]", "null"),
        ("filter", "x"),
        ("sort", "colour"),
        ("page[limit]", "101"),
        ("page[limit]", "0"),
        ("page[limit]", "-1"),
        ("page[limit]", "many"),
        ("page[offset]", "7"),
    ],
)
def test_what_cannot_be_understood_is_refused(shop: Caller, query: tuple[str, str]) -> None:
    assert shop.get("products", query).status == 400


def test_pages_follow_their_links_to_the_last(shop: Caller) -> None:
    answer = shop.get("products", ("sort", "id"), ("filter[stockLevel][GT]", "1"), ("page[limit]", "4"))
    seen = names(answer)
    for _ in range(2):
        link = urlsplit(answer.body["links"]["next"])
        assert f"{link.scheme}://{link.netloc}{link.path}" == "http://optiply.test/v1/products"
        answer = shop.get("products", *parse_qsl(link.query))
        seen += names(answer)
    assert "next" not in answer.body["links"]
    assert seen == [f"p{n}" for n in range(9)]
    assert answer.body["meta"] == {"totalResourceCount": 9}


def test_a_page_of_exactly_the_rest_is_the_last(shop: Caller) -> None:
    answer = shop.get("products", ("sort", "id"), ("page[limit]", "5"), ("page[offset]", "5"))
    assert names(answer) == ["p5", "p6", "p7", "p8", "p9"]
    assert "next" not in answer.body["links"]
    beyond = shop.get("products", ("sort", "id"), ("page[limit]", "5"), ("page[offset]", "10"))
    assert names(beyond) == []


def test_fifty_rows_are_a_page_unless_told_otherwise() -> None:
    caller = Caller()
    for n in range(51):
        caller.supplier(f"s{n}")
    answer = caller.get("suppliers", ("sort", "id"))
    assert len(answer.ids) == 50
    assert "next" in answer.body["links"]


def test_writes_between_pages_are_seen_at_once() -> None:
    caller = Caller()
    keys = [caller.product(f"p{n}", stockLevel=n) for n in range(4)]
    enabled = (("filter[status]", "enabled"), ("sort", "id"))
    assert caller.get("products", *enabled).ids == keys
    caller.patch("products", keys[1], {"status": "disabled"})
    assert caller.get("products", *enabled).ids == [keys[0], keys[2], keys[3]]
    caller.delete("products", keys[2])
    assert caller.get("products", *enabled).ids == [keys[0], keys[3]]
    new = caller.product("p4")
    assert caller.get("products", *enabled).ids == [keys[0], keys[3], new]
    assert caller.get("products", ("sort", "id")).ids == [keys[0], keys[1], keys[3], new]


def test_without_a_sort_an_edited_row_moves() -> None:
    caller = Caller()
    keys = [caller.product(f"p{n}") for n in range(3)]
    caller.patch("products", keys[0], {"stockLevel": 1})
    assert caller.get("products").ids == [keys[1], keys[2], keys[0]]


def test_relations_lead_to_their_rows() -> None:
    caller = Caller()
    product, supplier = caller.product(), caller.supplier()
    offer = caller.offer(product, supplier)
    caller.offer(caller.product("other"), supplier)
    assert caller.get(f"products/{product}/supplierProducts").ids == [offer]
    assert caller.get(f"supplierProducts/{offer}/supplier").id == supplier
    assert caller.get(f"products/{product}/shoes").status == 404


def test_plain_values_of_several_types_can_be_filtered_and_sorted() -> None:
    caller = Caller()
    values = [True, "2026-04-01", None, 95]
    keys = [caller.product(f"p{n}", resumingPurchase=value) for n, value in enumerate(values)]
    assert caller.get("products", ("filter[resumingPurchase]", "TRUE")).ids == [keys[0]]
    assert caller.get("products", ("filter[resumingPurchase]", "95")).ids == [keys[3]]
    assert caller.get("products", ("sort", "resumingPurchase")).ids == [keys[1], keys[3], keys[0], keys[2]]


COLOURS = ("red", "Red", "blue", None)
STEPS = st.lists(
    st.tuples(
        st.sampled_from(("add", "change", "remove", "look")), st.integers(0, 9), st.sampled_from(COLOURS)
    ),
    max_size=40,
)


@given(STEPS)
def test_a_look_up_finds_what_a_walk_over_all_rows_finds(steps: list[tuple[str, int, str | None]]) -> None:
    table = Table(100)
    for what, n, colour in steps:
        known = list(table.live)
        key = known[n % len(known)] if known else None
        remote = {"77": f"R{n}"} if n % 2 else {}
        if what == "add":
            table.add({"id": table.next_id, "colour": colour, "remoteIdMap": remote})
        elif what == "change" and key is not None:
            table.change(key, {"colour": colour, "remoteIdMap": remote})
        elif what == "remove" and key is not None:
            table.remove(key, {"deletedAt": "now"})
        for wanted in COLOURS:
            walked = {
                row["id"] for row in table.live.values() if str(row["colour"]).lower() == str(wanted).lower()
            }
            assert table.lookup("colour", wanted) == walked
        walked = {row["id"] for row in table.live.values() if row["remoteIdMap"].get("77") == f"R{n}"}
        assert table.lookup("remoteId", f"r{n}") == walked
        assert table.ids == sorted(table.live)
    copy = Table(1)
    copy.load(table.dump())
    assert (copy.ids, copy.live, copy.removed, copy.next_id) == (
        table.ids,
        table.live,
        table.removed,
        table.next_id,
    )
