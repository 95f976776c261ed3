"""`stockbridge sync hooks`: what Zoho must know to send its webhooks here."""

from __future__ import annotations

from typing import Annotated

import typer

from stockbridge.cli.options import Debug, Json, Sync, chosen_sync, opened
from stockbridge.cli.output import document, good, pairs, say
from stockbridge.store.sealing import load_sealer
from stockbridge.wiring.hook_secret import hook_path, make_secret


def hooks(
    sync: Sync = None,
    anew: Annotated[
        bool, typer.Option("--new", help="Make another secret; what is signed with the old one is refused.")
    ] = False,
    as_json: Json = False,
    debug: Debug = False,
) -> None:
    """Set up Zoho's webhooks for a sync: where they go and the secret that signs them, which is shown only once.

    They are hints: a record is then read within seconds. Without them it is read at the next import.

    \b
    Examples:
      stockbridge sync hooks fietsenrek
      stockbridge sync hooks fietsenrek --new
    """
    with opened() as store:
        row = chosen_sync(store, sync)
        made = make_secret(store, row, load_sealer()) if anew or row.hook_secret is None else None
    path = hook_path(row.name)
    if as_json:
        document(
            {"sync": row.name, "path": path, "secret": made.reveal() if made else None, "new": bool(made)}
        )
        return
    if made is None:
        say(f'The sync "{row.name}" has a secret already; it was shown when it was made.')
    else:
        say(good(f'The sync "{row.name}" can be sent webhooks. The secret is not shown again.'))
    say()
    pairs(
        [
            ("path", path),
            ("method", "POST"),
            ("secret", made.reveal() if made else "as it was; --new makes another"),
        ]
    )
    say()
    for line in (
        "In Zoho Inventory: Settings > Automation > Workflow Actions > Webhooks, one each for items, contacts,",
        "sales orders, purchase orders and receives, with the default payload and this secret; then a workflow",
        "rule that sends it when a record is created, edited or deleted. Its address is the one under which your",
        "server with TLS passes that path on to: stockbridge serve --hooks",
    ):
        say(line)
