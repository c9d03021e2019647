#!/usr/bin/env bash
# Packs the last commit for Linux: .deb, tarball and bill of materials in OUT.
#
#   bash installer/linux/build.sh OUT [COMMIT]
#
# Uses .venv (made by installer/dev.sh when it is missing). Its Python needs its shared library: on Debian `libpython3.11`.
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
[ -x "$root/.venv/bin/pyinstaller" ] || bash "$root/installer/dev.sh" setup
command -v strip >/dev/null || { echo "build.sh: needs strip (Debian package binutils)" >&2; exit 1; }
exec nice -n 10 "$root/.venv/bin/python" "$root/installer/linux/package.py" "${KAM_PRODUCT:-kam-desktop}" "$@"
