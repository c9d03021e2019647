#!/usr/bin/env bash
# Packs the last commit for macOS: KAM Desktop.app in a .dmg, and its bill of materials, in OUT.
#
#   bash installer/macos/build.sh OUT [COMMIT]
#
# NOT RUN YET: no Mac was at hand. Its syntax and its spec are checked by tests/unit/test_linux_package.py, nothing more.
#
# KAM_SIGN_IDENTITY   "Developer ID Application: …" of the keychain; without it the program is signed ad hoc, for trials
# KAM_NOTARY_PROFILE  a profile kept by `xcrun notarytool store-credentials`; without it nothing is sent to the notary
set -euo pipefail
[ $# -ge 1 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
[ "$(uname -s)" = Darwin ] || { echo "build.sh: a .dmg is made on a Mac" >&2; exit 2; }
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
python=$root/.venv/bin/python
commit=$(git -C "$root" rev-parse "${2:-HEAD}")
mkdir -p "$1"
out=$(cd "$1" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
umask 022
SOURCE_DATE_EPOCH=$(git -C "$root" log -1 --format=%ct "$commit")
export SOURCE_DATE_EPOCH TZ=UTC PYTHONHASHSEED=0
mkdir "$work/tree"
git -C "$root" archive "$commit" | tar -x -C "$work/tree"
echo "$commit" >"$work/tree/resources/commit.txt"
KAM_VERSION=$(sed -n 's/^__version__ = "\(.*\)"$/\1/p' "$work/tree/kam_desktop/__init__.py")
[ -n "$KAM_VERSION" ] || { echo "build.sh: the commit names no version" >&2; exit 1; }

"$python" "$work/tree/installer/icon/make.py" "$work/icons"
mkdir "$work/kam.iconset"
for size in 16 32 128 256 512; do
    cp "$work/icons/kam-desktop-$size.png" "$work/kam.iconset/icon_${size}x${size}.png"
done
for size in 16 32 128 256; do
    sips -z $((size * 2)) $((size * 2)) "$work/icons/kam-desktop-512.png" --out "$work/kam.iconset/icon_${size}x${size}@2x.png" >/dev/null
done
iconutil -c icns "$work/kam.iconset" -o "$work/kam.icns"

export KAM_VERSION KAM_TREE=$work/tree KAM_CONTENTS=$work/contents.json KAM_ICON=$work/kam.icns
export PYINSTALLER_CONFIG_DIR=$work/cache
(cd "$work" && "$python" -m PyInstaller --noconfirm --log-level ERROR --distpath "$work/dist" --workpath "$work/work" \
    "$work/tree/installer/macos/kam-desktop.spec")
app="$work/dist/KAM Desktop.app"
"$python" "$work/tree/installer/sbom.py" --name kam-desktop --version "$KAM_VERSION" --own "$work/tree" \
    --out "$out/kam-desktop-$KAM_VERSION-macos.cdx.json" --contents "$work/contents.json" --folder "$work/dist/kam-desktop"
cp "$work/tree/resources/licences/THIRD_PARTY.txt" "$app/Contents/Resources/"

# Qt's libraries stay files of their own. Who puts another build of them there signs the program anew: codesign -f -s - APP
sign=(codesign --force --sign "${KAM_SIGN_IDENTITY:--}")
[ -z "${KAM_SIGN_IDENTITY:-}" ] || sign+=(--timestamp --options runtime --entitlements "$here/entitlements.plist")
find "$app" -type f \( -name '*.so' -o -name '*.dylib' \) -exec "${sign[@]}" {} +
"${sign[@]}" "$app"
codesign --verify --deep --strict "$app"

dmg=$out/kam-desktop-$KAM_VERSION-$(uname -m).dmg
mkdir "$work/disk"
cp -R "$app" "$work/disk/"
ln -s /Applications "$work/disk/Applications"
hdiutil create -quiet -ov -format UDZO -volname "KAM Desktop" -srcfolder "$work/disk" "$dmg"
if [ -n "${KAM_SIGN_IDENTITY:-}" ]; then codesign --sign "$KAM_SIGN_IDENTITY" --timestamp "$dmg"; fi
if [ -n "${KAM_NOTARY_PROFILE:-}" ]; then
    xcrun notarytool submit "$dmg" --keychain-profile "$KAM_NOTARY_PROFILE" --wait
    xcrun stapler staple "$dmg"
fi
du -h "$dmg"
echo "the ten biggest parts, unpacked:"
(cd "$app/Contents" && du -sk Frameworks/* Resources/* | sort -rn | head -10)
