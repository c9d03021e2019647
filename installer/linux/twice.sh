#!/usr/bin/env bash
# Builds the packages of one commit twice, in different folders, and compares every file that comes out.
#
#   bash installer/linux/twice.sh OUT [kam-desktop|kam-server…]
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
out=$1; shift
products=("$@"); [ ${#products[@]} -gt 0 ] || products=(kam-desktop kam-server)
commit=$(git -C "$here" rev-parse HEAD)  # others may commit meanwhile
for product in "${products[@]}"; do
    for time in first second; do KAM_PRODUCT=$product bash "$here/build.sh" "$out/$time" "$commit"; done
done
(cd "$out/first" && sha256sum -- *) >"$out/first.sha256"
(cd "$out/second" && sha256sum -- *) >"$out/second.sha256"
cat "$out/first.sha256"
diff "$out/first.sha256" "$out/second.sha256" && echo "equal"
