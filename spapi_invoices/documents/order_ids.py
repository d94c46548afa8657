"""Amazon order ids in running text. Neither NF-e nor GST invoice has a field for them, so they are looked for."""

import re
from typing import Final

# A letter may stand right before or behind, a digit may not: then it is part of a longer number.
ORDER_ID: Final = re.compile(r"(?<!\d)\d{3}-\d{7}-\d{7}(?!\d)", re.ASCII)


def find_order_ids(*texts: str) -> tuple[str, ...]:
    """Every Amazon order id in the texts, in order of appearance, each once.

    >>> find_order_ids("Pedido 702-1234567-7654321", "701-0000000-0000001 702-1234567-7654321")
    ('702-1234567-7654321', '701-0000000-0000001')
    """
    return tuple(dict.fromkeys(found for text in texts for found in ORDER_ID.findall(text)))
