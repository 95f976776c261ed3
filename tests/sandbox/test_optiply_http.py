"""The simulated Optiply over real HTTP, with the control endpoint and the faults."""

from collections.abc import Iterator

import httpx2
import pytest

from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.run import Sandbox, start

MEDIA_TYPE = "application/vnd.api+json"


@pytest.fixture(scope="module")
def sandbox() -> Iterator[Sandbox]:
    with start(generate(items=20, vendors=2, orders=2)) as running:
        yield running


@pytest.fixture
def client(sandbox: Sandbox) -> Iterator[httpx2.Client]:
    sandbox.control.clear_faults()
    sandbox.control.clear_requests()
    login = httpx2.get(f"{sandbox.optiply_url}/_sandbox/accounts", timeout=10).json()["optiply"]
    token = httpx2.post(
        f"{sandbox.optiply_url}/api/auth/oauth/token",
        data={"grant_type": "password", "username": login["username"], "password": login["password"]},
        auth=(login["client_id"], login["client_secret"]),
        timeout=10,
    ).json()["access_token"]
    with httpx2.Client(
        base_url=f"{sandbox.optiply_url}/v1",
        headers={"Authorization": f"Bearer {token}", "Content-Type": MEDIA_TYPE},
        params={"accountId": login["account_id"], "couplingId": login["coupling_id"]},
        timeout=10,
    ) as opened:
        yield opened


def document(resource: str, **attributes: object) -> dict[str, object]:
    return {"data": {"type": resource, "attributes": attributes}}


def made(client: httpx2.Client, resource: str, **attributes: object) -> str:
    answer = client.post(
        f"/{resource}", json=document(resource, **attributes), headers={"Content-Type": MEDIA_TYPE}
    )
    assert answer.status_code == 201, answer.text
    return str(answer.json()["data"]["id"])


def product(client: httpx2.Client, name: str, remote: str) -> str:
    return made(client, "products", name=name, stockLevel=1, unlimitedStock=False, remoteId=remote)


def test_rows_are_written_paged_by_their_links_and_removed(client: httpx2.Client, sandbox: Sandbox) -> None:
    keys = [product(client, f"Één {n}", f"page-{n}") for n in range(5)]
    wanted = {"filter[name][LIKE]": "één%", "sort": "id", "page[limit]": "2"}
    answer = client.get("/products", params=wanted)
    assert answer.headers["content-type"].startswith(MEDIA_TYPE)
    seen: list[str] = []
    while True:
        seen += [row["id"] for row in answer.json()["data"]]
        link = answer.json()["links"].get("next")
        if link is None:
            break
        assert link.startswith(f"{sandbox.optiply_url}/v1/products?")
        # Not by the client, which would put its own parameters in the place of the link's.
        answer = httpx2.get(link, headers=client.headers, timeout=10)
        assert answer.status_code == 200
    assert seen == keys
    gone = client.delete(f"/products/{keys[0]}")
    assert (gone.status_code, gone.content) == (204, b"")
    assert client.get(f"/products/{keys[0]}").status_code == 404


def test_the_log_has_every_request_with_its_body(client: httpx2.Client, sandbox: Sandbox) -> None:
    product(client, "Logged", "logged")
    rows = httpx2.get(f"{sandbox.optiply_url}/_sandbox/requests?system=optiply", timeout=10).json()[
        "requests"
    ]
    assert [(row["method"], row["path"], row["status"]) for row in rows][-1] == ("POST", "/v1/products", 201)
    assert rows[-1]["body"]["data"]["attributes"]["name"] == "Logged"
    assert rows[-1]["query"]["couplingId"] == "77"


def test_a_connection_lost_after_the_write_leaves_the_row(client: httpx2.Client, sandbox: Sandbox) -> None:
    fault = {"system": "optiply", "method": "POST", "path": "/v1/products", "kind": "drop_after"}
    httpx2.post(f"{sandbox.optiply_url}/_sandbox/faults", json=fault, timeout=10)
    with pytest.raises(httpx2.TransportError):
        product(client, "Lost", "lost-answer")
    found = client.get("/products", params={"filter[remoteId]": "lost-answer"}).json()
    assert found["meta"]["totalResourceCount"] == 1


def test_injected_statuses_and_revoked_tokens(client: httpx2.Client, sandbox: Sandbox) -> None:
    faults = [
        {"system": "optiply", "kind": "status", "status": 429},
        {"system": "optiply", "kind": "revoke_token", "nth": 2},
    ]
    httpx2.post(f"{sandbox.optiply_url}/_sandbox/faults", json=faults, timeout=10)
    assert client.get("/products").status_code == 429
    refused = client.get("/products")
    assert (refused.status_code, refused.json()["error"]) == (401, "invalid_token")


def test_the_optiply_user_works_by_the_control_endpoint(client: httpx2.Client, sandbox: Sandbox) -> None:
    item = product(client, "Ordered", "ordered")
    supplier = made(client, "suppliers", name="Van der Meer", deliveryTime=7)
    offer = made(
        client, "supplierProducts", name="Ordered", productId=int(item), supplierId=int(supplier), price=4
    )
    control = f"{sandbox.optiply_url}/_sandbox/optiply"
    order = {"supplierId": int(supplier), "lines": [{"productId": int(item), "quantity": 3}]}
    placed = httpx2.post(f"{control}/orders", json=order, timeout=10).json()
    read = client.get(f"/buyOrders/{placed['id']}").json()["data"]["attributes"]
    assert (read["createdFromPublicApi"], read["totalValue"]) == (False, "12.00")
    edited = httpx2.patch(f"{control}/supplierProducts/{offer}", json={"lotSize": 6}, timeout=10)
    assert edited.status_code == 200
    assert client.get(f"/supplierProducts/{offer}").json()["data"]["attributes"]["lotSize"] == 6
    assert httpx2.delete(f"{control}/supplierProducts/{offer}", timeout=10).status_code == 200
    assert client.get(f"/supplierProducts/{offer}").status_code == 404
    assert (
        httpx2.patch(f"{control}/supplierProducts/{offer}", json={"lotSize": 6}, timeout=10).status_code
        == 404
    )
    rows = httpx2.get(f"{sandbox.optiply_url}/_sandbox/state/optiply/buyOrderLines", timeout=10).json()[
        "rows"
    ]
    assert [row["quantity"] for row in rows if str(row["buyOrderId"]) == placed["id"]] == [3]
    assert all("/_sandbox" not in seen.path for seen in sandbox.control.requests("optiply"))
