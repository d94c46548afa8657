"""``spapi-invoices receipt``: write one. Loaded at each start of the command line, so it imports click alone."""

import click


@click.command(epilog="Example: spapi-invoices receipt --number 7 --order 111-1234567-7654321 --total 'BRL 12.50'")
@click.option("--number", required=True, help="Of the receipt.")
@click.option("--order", required=True, help="The Amazon order id.")
@click.option("--total", required=True, help="Currency and amount, as 'BRL 12.50'.")
def receipt(number: str, order: str, total: str) -> None:
    """Print a receipt as `documents read` understands it."""
    click.echo(f"RECEIPT\nNumber: {number}\nOrder: {order}\nTotal: {total}")
