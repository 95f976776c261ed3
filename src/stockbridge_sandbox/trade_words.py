"""Invented words of a bicycle-parts wholesaler, in the languages of its vendors; the generator draws from them."""

# (code of the group, category, (the noun in several languages), (variants), unit, lowest and highest sales price in cents)
PRODUCT_GROUPS: tuple[tuple[str, str, tuple[str, ...], tuple[str, ...], str, int, int], ...] = (
    (
        "KET",
        "Aandrijving",
        ("Ketting", "Fahrradkette", "Chaîne", "Łańcuch", "Kedja"),
        ("8-sp", "9-sp", "10-sp", "11-sp", "12-sp", "½×⅛″"),
        "stuks",
        895,
        6495,
    ),
    (
        "BND",
        "Banden",
        ("Buitenband", "Fahrradreifen", "Pneu", "Däck", "Opona"),
        ("28×1⅜", "700×25C", "700×38C", "26×2,10", "20×1,75"),
        "stuks",
        1195,
        5995,
    ),
    (
        "BIN",
        "Banden",
        ("Binnenband", "Schlauch", "Chambre à air", "Cámara de aire", "Dętka"),
        ("28″ HV 40 mm", "28″ FV 60 mm", "26″ AV", "20″ AV"),
        "stuks",
        395,
        1295,
    ),
    (
        "REM",
        "Remmen",
        ("Remblokken", "Bremsbeläge", "Plaquettes de frein", "Bromsbelägg", "Brzdové špalíky"),
        ("V-brake", "schijf resin", "schijf metaal", "cantilever"),
        "paar",
        450,
        3950,
    ),
    (
        "KAB",
        "Remmen",
        ("Remkabel", "Bremszug", "Câble de frein", "Καλώδιο φρένου", "Bromsvajer"),
        ("1500 mm", "1700 mm", "2200 mm inox"),
        "stuks",
        195,
        1490,
    ),
    (
        "VRL",
        "Verlichting",
        ("Koplamp", "Scheinwerfer", "Phare avant", "Lampa přední", "前照灯"),
        ("30 lux", "60 lux", "100 lux USB-C", "dynamo"),
        "stuks",
        995,
        12900,
    ),
    (
        "ZAD",
        "Zadels",
        ("Zadel", "Sattel", "Selle", "Sillín", "サドル"),
        ("City", "Touring", "Sport", "Gel", "Kids"),
        "stuks",
        1495,
        14900,
    ),
    (
        "BEL",
        "Accessoires",
        ("Fietsbel", "Klingel", "Sonnette", "Dzwonek", "自転車ベル"),
        ("Ø 60 mm", "Ø 80 mm", "ding-dong", "mini"),
        "stuks",
        295,
        2495,
    ),
    (
        "TAS",
        "Tassen",
        ("Fietstas", "Gepäcktasche", "Sacoche", "Cykelväska", "Taška"),
        ("enkel 20 l", "dubbel 40 l", "stuur 7 l"),
        "stuks",
        1995,
        15995,
    ),
    (
        "SMR",
        "Onderhoud",
        ("Kettingsmeer", "Kettenöl", "Lubrifiant", "Kedjeolja", "Olej na řetěz"),
        ("50 ml", "100 ml", "400 ml spray"),
        "fles",
        495,
        1995,
    ),
    (
        "SPK",
        "Wielen",
        ("Spaken", "Speichen", "Rayons", "Ekrar", "Szprychy"),
        ("256 mm (36 st.)", "262 mm (36 st.)", "292 mm (72 st.)"),
        "set",
        690,
        4490,
    ),
    (
        "SLO",
        "Sloten",
        ("Kettingslot", "Bügelschloss", "Antivol U", "Lås", "Zámek"),
        ("ART 2", "ART 3", "90 cm", "120 cm"),
        "stuks",
        1995,
        11995,
    ),
)

SERVICES: tuple[str, ...] = (
    "Montage achterwiel",
    "Grote beurt",
    "Kleine beurt",
    "Wiel richten",
    "Laufrad einspeichen",
    "Révision complète",
    "Verzendkosten EU",
    "Afstelling versnelling",
    "Bremsen entlüften",
    "Gravure à façon",
)

BRANDS: tuple[str, ...] = (
    "Windkracht",
    "Zwaluw",
    "Bergauf",
    "Vélouest",
    "Norrsken",
    "Żubr",
    "Straßenwerk",
    "Três Rios",
    "Kašpar",
    "Ōkami",
    "Polder&Co",
    "Ægir",
)

# (trade name, language, country, country code, city, currency)
VENDOR_NAMES: tuple[tuple[str, str, str, str, str, str], ...] = (
    ("Van der Meer Rijwielgroothandel B.V.", "nl", "Netherlands", "NL", "Zwolle", "EUR"),
    ("Gebr. Öztürk Tweewielers", "nl", "Netherlands", "NL", "Deventer", "EUR"),
    ("Müller & Söhne Fahrradteile GmbH", "de", "Germany", "DE", "Köln", "EUR"),
    ("Straßenwerk Komponenten AG", "de", "Switzerland", "CH", "Zürich", "CHF"),
    ("Établissements Lefèvre & Fils", "fr", "France", "FR", "Saint-Étienne", "EUR"),
    ("L'Atelier du Vélo d'Ypres", "fr", "Belgium", "BE", "Liège", "EUR"),
    ("Åkerlund Cykel AB", "sv", "Sweden", "SE", "Malmö", "SEK"),
    ("Fabryka Łańcuchów Żubr Sp. z o.o.", "pl", "Poland", "PL", "Łódź", "PLN"),
    ("Řetězárna Kašpar s.r.o.", "cs", "Czech Republic", "CZ", "Plzeň", "EUR"),
    ("Bicicletas Peña e Hijos, S.L.", "es", "Spain", "ES", "A Coruña", "EUR"),
    ("Harrow & Finch Cycle Supplies Ltd", "en", "United Kingdom", "GB", "Coventry", "GBP"),
    ("Ποδήλατα Αιγαίου Α.Ε.", "el", "Greece", "GR", "Θεσσαλονίκη", "EUR"),
    ("Ōkami Cycle Works 株式会社", "ja", "Japan", "JP", "大阪市", "JPY"),
    ("Blue Ridge Components, Inc.", "en", "United States", "US", "Asheville", "USD"),
    ("Ægir Cykler ApS", "da", "Denmark", "DK", "Århus", "EUR"),
)
VENDOR_SUFFIXES: tuple[str, ...] = (
    "Noord",
    "Süd",
    "Ouest",
    "Export",
    "Parts",
    "Öst",
    "Trading",
    "Zuid",
    "II",
    "Plus",
)

# (opening words of a customer's trade name, place, language, country, country code, currency)
CUSTOMER_WORDS: tuple[str, ...] = (
    "Fietsenmaker",
    "Rijwielshop",
    "De Tweewieler",
    "Radhaus",
    "Cycles",
    "Cykelbutiken",
    "Bike Point",
    "Vélo Service",
    "Het Zadel",
    "Sklep Rowerowy",
)
CUSTOMER_PLACES: tuple[tuple[str, str, str, str, str], ...] = (
    ("Gouda", "nl", "Netherlands", "NL", "EUR"),
    ("Hoorn", "nl", "Netherlands", "NL", "EUR"),
    ("’s-Hertogenbosch", "nl", "Netherlands", "NL", "EUR"),
    ("IJmuiden", "nl", "Netherlands", "NL", "EUR"),
    ("Münster", "de", "Germany", "DE", "EUR"),
    ("Düsseldorf", "de", "Germany", "DE", "EUR"),
    ("Orléans", "fr", "France", "FR", "EUR"),
    ("Göteborg", "sv", "Sweden", "SE", "SEK"),
    ("Kraków", "pl", "Poland", "PL", "PLN"),
    ("Leeds", "en", "United Kingdom", "GB", "GBP"),
)

FIRST_NAMES: tuple[str, ...] = (
    "Anouk",
    "Björn",
    "Çelik",
    "Daniëlle",
    "Émile",
    "Femke",
    "Günther",
    "Hélène",
    "Íñigo",
    "Jörg",
)
LAST_NAMES: tuple[str, ...] = (
    "Testman",
    "Voorbeeld",
    "Beispiel",
    "Exemple",
    "Próba",
    "Mønster",
    "Örnek",
    "de Proef",
)
STREETS: tuple[str, ...] = (
    "Dijkstraat",
    "Hauptstraße",
    "Rue de l’Écluse",
    "Storgatan",
    "ul. Główna",
    "Mill Lane",
)
SALESPEOPLE: tuple[str, ...] = ("", "", "Verkoop binnendienst", "Webshop", "Außendienst Süd")
DELIVERY_METHODS: tuple[str, ...] = ("", "Pakketdienst", "Afhalen", "Pallet", "Fietskoerier")

LONG_TEXT = (
    "Geschikt voor dagelijks gebruik in weer en wind. Für den täglichen Einsatz bei jedem Wetter. "
    "Convient pour un usage quotidien par tous les temps. Montage volgens de meegeleverde handleiding; "
    "let op de draairichting („Pfeil beachten“) en op het aanhaalmoment van 5–6 N·m. "
)
