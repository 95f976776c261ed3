"""The file of the sync that the demo of contacts makes, as a person would write it."""

from __future__ import annotations

SETTINGS = """\
winner = "zoho"                        # where both changed the same field
include = ["customers", "vendors"]

[deletions]
in_zoho = "mark"                       # gone in Zoho: a label at Google, nothing is deleted
label = "Sync Trash"

[fields]
mobile = false                         # off here, for the mapping of its own below

[[mappings]]
zoho = "mobile"
google = "phone_mobile"
policy = "ask"                         # where both changed it, somebody is asked

[[rules]]
name = "Business customers"
in = "zoho"
if = [{ field = "contact_type", is = "customer" }, { field = "customer_sub_type", is = "business" }]
then = [{ add_label = "Customers", undo = true }]

[[rules]]
name = "All others of the shop"
in = "zoho"

[[rules]]
name = "Customers in the address book, and whom we met at the trade fair"
in = "google"
if = [{ any = [{ field = "labels", has = "Klanten" }, { field = "labels", has = "Beurs 2026" }] }]
"""
