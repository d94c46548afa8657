"""Documents of orders that never were: rendered from values, the same bytes on every machine. Not for reading them."""
