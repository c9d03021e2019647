"""Sample data: an invented agency or manufacturer with 18 months of history."""

from kam_desktop.services.demo.generator import KITS, LARGE, MARK, SMALL, Kit, account_id, fill, load, tax_code

__all__ = ["KITS", "LARGE", "MARK", "SMALL", "Kit", "account_id", "fill", "load", "tax_code"]
