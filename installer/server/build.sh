#!/usr/bin/env bash
# Packs the last commit's kam-server: .deb with a systemd unit, tarball and bill of materials in OUT.
#
#   bash installer/server/build.sh OUT [COMMIT]
set -euo pipefail
KAM_PRODUCT=kam-server exec bash "$(dirname "${BASH_SOURCE[0]}")/../linux/build.sh" "$@"
