"""KAM Desktop: accounts, proposals and money due for key account managers, with or without a network."""

__version__ = "0.1.0"
