"""The desktop: window, pages and the kit that they are built from."""
