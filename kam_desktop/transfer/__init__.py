"""Foreign files in and out: tables, e-invoices, import and export."""
