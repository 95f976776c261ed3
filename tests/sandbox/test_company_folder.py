"""The folder of CSV files: round trip, defaults, and what it says when something is wrong."""

from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from stockbridge_sandbox.company import Stock
from stockbridge_sandbox.folder import FolderError, load_folder
from stockbridge_sandbox.folder_columns import SHEETS
from stockbridge_sandbox.folder_writer import write_folder
from stockbridge_sandbox.generate import generate

NOW = datetime(2026, 3, 9, 8, 0, tzinfo=UTC)
PAGE = Path(__file__).parents[2] / "docs" / "reference" / "company-folder.md"


def folder(path: Path, **files: str) -> Path:
    for name, text in files.items():
        (path / f"{name}.csv").write_text(text, encoding="utf-8")
    return path


def problems(path: Path) -> tuple[str, ...]:
    with pytest.raises(FolderError) as caught:
        load_folder(path, now=NOW)
    assert str(path) in str(caught.value)
    return caught.value.problems


def test_a_company_survives_the_trip_through_a_folder(tmp_path: Path) -> None:
    company = generate(items=120, vendors=12, orders=150, seed=3, until=NOW)
    write_folder(company, tmp_path / "shop")
    assert load_folder(tmp_path / "shop", now=NOW) == company


def test_names_and_numbers_of_items_are_enough(tmp_path: Path) -> None:
    folder(tmp_path, items="key,name,rate\nb8,Bolt M8,1.25\nb9,Bolt M9,\n")
    company = load_folder(tmp_path, now=NOW)
    assert [(item.key, item.name, item.rate) for item in company.items] == [
        ("b8", "Bolt M8", Decimal("1.25")),
        ("b9", "Bolt M9", Decimal(0)),
    ]
    assert company.items[0].modified == NOW
    assert company.name == tmp_path.name
    assert [(place.key, place.primary) for place in company.locations] == [("main", True)]
    assert company.base_currency == "EUR"


def test_what_is_left_out_follows_from_the_rest(tmp_path: Path) -> None:
    folder(
        tmp_path,
        items="key,name,rate,vendor,further_vendors,cf_shelf\nb8,Bolt,2.50,v1,v2|v3,A-1\n",
        vendors="key,name,currency\nv1,Één,USD\nv2,Two,\nv3,Three,\n",
        customers="key,name\nc1,Klant\n",
        stock="item,location,physical\nb8,Rotterdam,5\nb8,Utrecht,-2\n",
        orders="number,date,customer,status\nSO-1,2026-03-01,c1,closed\n",
        order_lines="order,item,quantity\nSO-1,b8,2\nSO-1,b8,1\n",
        receipts="number,date,vendor,item,quantity\nPR-1,2026-02-01,v1,b8,10\nPR-1,2026-02-01,v1,b8,5\n",
    )
    company = load_folder(tmp_path, now=NOW)
    item = company.items[0]
    assert item.further_vendors == ("v2", "v3")
    assert item.custom_fields == (("cf_shelf", "A-1"),)
    assert [(each.api_name, each.label) for each in company.custom_fields] == [("cf_shelf", "Shelf")]
    assert item.stock == (
        Stock(location="Rotterdam", physical=Decimal(5), accounting=Decimal(5)),
        Stock(location="Utrecht", physical=Decimal(-2), accounting=Decimal(-2)),
    )
    assert [place.primary for place in company.locations] == [True, False]
    assert [vendor.currency for vendor in company.vendors] == ["USD", "EUR", "EUR"]
    order = company.orders[0]
    assert (order.date, order.currency, order.exchange_rate) == (date(2026, 3, 1), "EUR", Decimal(1))
    assert order.modified == datetime(2026, 3, 1, 12, tzinfo=UTC)
    assert [(line.quantity, line.rate) for line in order.lines] == [
        (Decimal(2), Decimal("2.50")),
        (Decimal(1), Decimal("2.50")),
    ]
    assert [len(receipt.lines) for receipt in company.receipts] == [2]


def test_semicolons_a_byte_order_mark_and_line_breaks_in_cells_are_read(tmp_path: Path) -> None:
    text = '\ufeffkey;name;description\r\nb8;Bolt;"one\r\ntwo; three"\r\n\r\n'
    (tmp_path / "items.csv").write_bytes(text.encode())
    assert load_folder(tmp_path, now=NOW).items[0].description == "one\r\ntwo; three"


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({}, "items.csv: this file is missing. Add it, with the columns key, name"),
        (
            {"items": "key,name\n", "vendor": "key,name\n"},
            "vendor.csv: this file is not known. Did you mean vendors.csv?",
        ),
        ({"items": ""}, "items.csv: the file is empty. Its first line names the columns: key, name"),
        ({"items": "key\nb8\n"}, "items.csv line 1 column 'name': missing. Add the column"),
        ({"items": "key,name,reate\n"}, "items.csv line 1 column 'reate': not known. Did you mean rate?"),
        ({"items": "key,name,name\n"}, "items.csv line 1 column 'name': stands twice. Leave one of them out"),
        (
            {"items": 'key,name\na,"x\ny"\n,Bolt\n'},
            "items.csv line 4 column 'key': empty. Fill it in",
        ),
        (
            {"items": 'key,name,rate\na,Bolt,"1,25"\n'},
            "items.csv line 2 column 'rate': '1,25' does not fit: write a number such as 1234.56, "
            "with a point and without thousands separators",
        ),
        (
            {"items": "key,name,status\na,Bolt,on\n"},
            "items.csv line 2 column 'status': 'on' does not fit: write one of active, inactive",
        ),
        (
            {"items": "key,name\na,Bolt, M8\n"},
            "items.csv line 2: 3 cells under 2 columns. "
            "Put a cell that holds a comma, a quote or a line break in double quotes",
        ),
        (
            {"items": "key,name,sku\na,A,S1\nb,B,S1\n"},
            "items.csv line 3 column 'sku': 'S1' stands in line 2 already. Give each its own",
        ),
        (
            {"items": "key,name,vendor\na,A,vendor-I\n", "vendors": "key,name\nvendor-1,V\n"},
            "items.csv line 2 column 'vendor': 'vendor-I' is not in vendors.csv. "
            "Add it there or correct it here. Did you mean 'vendor-1'?",
        ),
        (
            {
                "items": "key,name\na,A\n",
                "customers": "key,name\nc,C\n",
                "orders": "number,date,customer\nSO-1,1-3-2026,c\n",
            },
            "orders.csv line 2 column 'date': '1-3-2026' does not fit: write a day as YYYY-MM-DD, such as 2026-03-09",
        ),
        (
            {"items": "key,name\na,A\n", "company": "name,time_zone\nShop,Europe/Nowhere\n"},
            "company.csv line 2 column 'time_zone': 'Europe/Nowhere' is not known. Write one such as Europe/Amsterdam",
        ),
        (
            {"items": "key,name\na,A\n", "recipes": "item,component,quantity\na,a,1\n"},
            "recipes.csv line 2 column 'component': 'a' is a part of itself. Name another item",
        ),
        (
            {"items": "key,name\na,A\n", "currencies": "code,rate\nUSD,0.9\n"},
            "currencies.csv column 'rate': the base currency EUR must be there with rate 1. Add its line",
        ),
        (
            {"items": "key,name,cf_x\na,A,1\n", "custom_fields": "entity,api_name,label\nitem,cf_y,Y\n"},
            "items.csv line 1 column 'cf_x': not in custom_fields.csv for item. Add it there",
        ),
    ],
)
def test_a_problem_names_file_line_column_and_remedy(
    tmp_path: Path, files: dict[str, str], expected: str
) -> None:
    assert problems(folder(tmp_path, **files)) == (expected,)


def test_a_file_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "items.csv").write_bytes("key,name\na,Één\n".encode("latin-1"))
    assert problems(tmp_path) == ("items.csv: byte 12 is not UTF-8. Save the file as UTF-8",)


def test_all_problems_are_told_at_once_but_not_endlessly(tmp_path: Path) -> None:
    folder(tmp_path, items="key,name,rate\n" + "".join(f"k{n},N,much\n" for n in range(30)))
    with pytest.raises(FolderError, match="and 10 more") as caught:
        load_folder(tmp_path, now=NOW)
    assert len(caught.value.problems) == 30


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    assert problems(tmp_path / "none") == ("it is not a folder. Name a folder that holds items.csv",)


@pytest.mark.parametrize("file", sorted(SHEETS))
def test_the_reference_page_names_every_file_and_column(file: str) -> None:
    section = PAGE.read_text(encoding="utf-8").split(f"\n## {file}\n")[1].split("\n## ")[0]
    for column in SHEETS[file].columns:
        part = column.name.partition("_")
        shared = part[0] in ("billing", "shipping", "address") and part[2]
        assert f"`{column.name}`" in section or (shared and f"`{part[0]}_…`" in section), column.name
