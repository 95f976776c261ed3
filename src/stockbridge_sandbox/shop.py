"""The settings of the made-up shop: currencies, places of stock, taxes and custom fields."""

from decimal import Decimal

from stockbridge_sandbox.company import Address, Currency, CustomField, Location, Tax

TIME_ZONE = "Europe/Amsterdam"
CURRENCIES = (
    Currency(code="EUR", name="Euro", symbol="€"),
    Currency(code="USD", name="US Dollar", symbol="$", rate=Decimal("0.92")),
    Currency(code="GBP", name="Pound Sterling", symbol="£", rate=Decimal("1.17")),
    Currency(code="CHF", name="Swiss Franc", symbol="CHF", rate=Decimal("1.05")),
    Currency(code="SEK", name="Swedish Krona", symbol="kr", rate=Decimal("0.088")),
    Currency(code="PLN", name="Polish Zloty", symbol="zł", rate=Decimal("0.23")),
    Currency(code="JPY", name="Japanese Yen", symbol="¥", rate=Decimal("0.0061"), decimals=0),
)
RATES = {currency.code: currency.rate for currency in CURRENCIES}
DECIMALS = {currency.code: currency.decimals for currency in CURRENCIES}

LOCATIONS = (
    Location(
        key="rotterdam",
        name="Magazijn Rotterdam",
        primary=True,
        email="magazijn@fietsenrek.example",
        address=Address(
            street="Keilekade 1", city="Rotterdam", zip="3029 BR", country="Netherlands", country_code="NL"
        ),
    ),
    Location(
        key="utrecht",
        name="Showroom Utrecht",
        type="line_item_only",
        parent="rotterdam",
        address=Address(city="Utrecht", country="Netherlands", country_code="NL"),
    ),
    Location(
        key="liege",
        name="Entrepôt Liège",
        address=Address(city="Liège", country="Belgium", country_code="BE"),
    ),
    Location(
        key="oud", name="Oude loods (gesloten)", type="line_item_only", parent="rotterdam", active=False
    ),
)
STOCKED = ("rotterdam", "utrecht", "liege")

TAXES = (
    Tax(key="hoog", name="BTW 21%", percentage=Decimal(21), default=True),
    Tax(key="laag", name="BTW 9%", percentage=Decimal(9)),
    Tax(key="nul", name="BTW 0%", percentage=Decimal(0)),
)
SEASONS = ("Lente", "Zomer", "Herfst", "Winter")
CHANNELS = ("Webshop", "Balie", "Buitendienst")
CUSTOM_FIELDS = (
    CustomField(entity="item", api_name="cf_schap", label="Schap"),
    CustomField(entity="item", api_name="cf_seizoen", label="Seizoen", data_type="dropdown", options=SEASONS),
    CustomField(entity="item", api_name="cf_doosinhoud", label="Doosinhoud", data_type="number"),
    CustomField(entity="item", api_name="cf_breekbaar", label="Breekbaar", data_type="check_box"),
    CustomField(entity="item", api_name="cf_uitloop_op", label="Uitloop op", data_type="date"),
    CustomField(entity="item", api_name="cf_toelichting", label="Toelichting", data_type="multiline"),
    CustomField(entity="contact", api_name="cf_gln", label="GLN"),
    CustomField(
        entity="salesorder", api_name="cf_kanaal", label="Kanaal", data_type="dropdown", options=CHANNELS
    ),
)
