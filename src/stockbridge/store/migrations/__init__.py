"""The history of the tables, one revision a file. `upgrade.py` applies it; the first line of `versions` is revision 0001."""
