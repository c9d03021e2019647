"""The desktop: window, pages and the kit that they are built from."""

import sys

import PySide6.QtCore  # noqa: F401 - what is looked for below comes with it

# After every import PySide looks into the module's source for its own name, to know whether to offer other spellings
# of Qt's names there (`from __feature__ import snake_case`). That reads 300,000 lines and keeps them: a tenth of a
# second at the start and 20 MB. Nobody here wants those spellings, so nothing is looked up.
_spellings = sys.modules.get("shibokensupport.feature")
if hasattr(_spellings, "_mod_uses_pyside"):
    _spellings._mod_uses_pyside = lambda _module: False  # type: ignore[union-attr]
