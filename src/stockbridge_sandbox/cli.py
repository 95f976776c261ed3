"""The command `stockbridge-sandbox`: serve the simulators, or write a made-up company as a folder of CSV files."""

from __future__ import annotations

import json
import signal
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import Annotated

import typer

from stockbridge_sandbox.folder import FolderError, load_folder
from stockbridge_sandbox.folder_writer import write_folder
from stockbridge_sandbox.generate import generate
from stockbridge_sandbox.people.made_up import ACQUAINTED
from stockbridge_sandbox.run import Sandbox, start
from stockbridge_sandbox.state import StateError
from stockbridge_sandbox.zoho.grants import LOCATIONS

_SECONDS_BETWEEN_SAVES = 60.0

app = typer.Typer(
    add_completion=False, help="Zoho Inventory, Optiply and Google Contacts, simulated on this machine."
)

Items = Annotated[int, typer.Option(help="How many items the made-up company has.")]
Vendors = Annotated[int, typer.Option(help="How many vendors it has.")]
Orders = Annotated[int, typer.Option(help="How many sales orders it has.")]
PurchaseOrders = Annotated[
    int | None, typer.Option(help="How many purchase orders it has; without it one for eight sales orders.")
]
Customers = Annotated[
    int | None,
    typer.Option(help="How many companies are its customers; without it one for six sales orders."),
]
PrivateCustomers = Annotated[
    int, typer.Option(help="How many private persons are its customers besides; they order nothing.")
]
Seed = Annotated[int, typer.Option(help="The same seed makes the same company.")]


@app.command()
def serve(
    items: Items = 400,
    vendors: Vendors = 30,
    orders: Orders = 1200,
    purchase_orders: PurchaseOrders = None,
    customers: Customers = None,
    private_customers: PrivateCustomers = 0,
    contacts: Annotated[int, typer.Option(help="How many contacts the address book at Google has.")] = 300,
    acquainted: Annotated[
        float, typer.Option(min=0, max=1, help="Which part of them the company's Zoho knows as well.")
    ] = ACQUAINTED,
    seed: Seed = 7,
    port: Annotated[
        int | None, typer.Option(help="Zoho's port; Optiply and Google get the next two. 0: free ones.")
    ] = None,
    zoho_port: Annotated[int, typer.Option(help="Zoho's port, 0 for a free one.")] = 0,
    optiply_port: Annotated[int, typer.Option(help="Optiply's port, 0 for a free one.")] = 0,
    people_port: Annotated[int, typer.Option(help="Google's port, 0 for a free one.")] = 0,
    speed: Annotated[float, typer.Option(help="How many times as fast as real time the clock runs.")] = 1.0,
    state: Annotated[
        Path | None,
        typer.Option(help="Keep the state in this file; when it is there already, it is taken up again."),
    ] = None,
    company: Annotated[
        Path | None, typer.Option(help="Load a company from this folder of CSV files.")
    ] = None,
    data_centre: Annotated[
        str, typer.Option(help=f"Where the organisation lives: {', '.join(LOCATIONS)}.")
    ] = "eu",
    as_json: Annotated[bool, typer.Option("--json", help="Print the addresses as one line of JSON.")] = False,
) -> None:
    """Serve Zoho Inventory, Optiply and Google Contacts until Ctrl-C."""
    if port is not None:
        zoho_port, optiply_port, people_port = (port, port + 1, port + 2) if port else (0, 0, 0)
    try:
        sandbox = start(
            load_folder(company) if company is not None else None,
            items=items,
            vendors=vendors,
            orders=orders,
            purchase_orders=purchase_orders,
            customers=customers,
            private_customers=private_customers,
            contacts=contacts,
            acquainted=acquainted,
            seed=seed,
            zoho_port=zoho_port,
            optiply_port=optiply_port,
            people_port=people_port,
            speed=speed,
            state=state,
            data_centre=data_centre,
        )
    except (FolderError, StateError, ValueError) as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"The sandbox cannot start: {error.strerror or error}. Choose another port with --port.")
    ended = _told_to_end()  # before the addresses are out: whoever reads them may end us at once
    with sandbox:
        _announce(sandbox, as_json=as_json)
        while not ended.wait(_SECONDS_BETWEEN_SAVES):
            sandbox.save()


@app.command()
def company(
    folder: Annotated[Path, typer.Argument(help="The folder to write; it is made when it is not there.")],
    items: Items = 400,
    vendors: Vendors = 30,
    orders: Orders = 1200,
    purchase_orders: PurchaseOrders = None,
    seed: Seed = 7,
) -> None:
    """Write a made-up company as a folder of CSV files, as an example for `serve --company`."""
    try:
        made = generate(
            items=items, vendors=vendors, orders=orders, purchase_orders=purchase_orders, seed=seed
        )
        write_folder(made, folder)
    except (OSError, ValueError) as error:
        _stop(str(error))
    print(f"A company of {items} items, {vendors} vendors and {orders} orders is in {folder}.")


def main() -> None:
    """The entry point of the command."""
    app()


def _announce(sandbox: Sandbox, *, as_json: bool) -> None:
    addresses = {
        "zoho": sandbox.zoho_url,
        "optiply": sandbox.optiply_url,
        "people": sandbox.people_url,
        "control": sandbox.control_url,
    }
    if as_json:
        print(json.dumps(addresses), flush=True)
        return
    for name, url in addresses.items():
        print(f"{name:8} {url}", flush=True)
    print("Ctrl-C stops the sandbox.", flush=True)


def _told_to_end() -> threading.Event:
    ended = threading.Event()

    def end(_number: int, _frame: FrameType | None) -> None:
        ended.set()

    signal.signal(signal.SIGINT, end)
    signal.signal(signal.SIGTERM, end)
    return ended


def _stop(message: str) -> None:
    print(message, file=sys.stderr)
    raise typer.Exit(2)
