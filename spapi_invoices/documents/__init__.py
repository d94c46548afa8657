"""From a document's bytes to what it states. Pure: no file, network, clock or environment in here."""
