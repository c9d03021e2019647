#!/usr/bin/env bash
# Sets up, shows and tests KAM Desktop from a clone. On a fresh Debian 12 nothing has to be there before.
#
#   bash installer/dev.sh setup            system libraries, .venv, locked packages; does nothing when all is there
#   bash installer/dev.sh demo [OPTION…]   opens the window on demo data; without a display walks every screen
#                                          under Xvfb and says where the pictures are
#   bash installer/dev.sh test [OPTION…]   ruff, mypy, import contracts, every test; options go to pytest
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
venv=$root/.venv
lock=$root/installer/requirements.lock
stamp=$venv/.setup-done
cd "$root"

# Byte code is kept and text is UTF-8, whatever the caller's shell says: start-up is measured, names are Vietnamese.
unset PYTHONDONTWRITEBYTECODE PYTHONHOME PYTHONPATH
case "${LC_ALL:-${LC_CTYPE:-${LANG:-}}}" in
    *[Uu][Tt][Ff]-8 | *[Uu][Tt][Ff]8) ;;
    *) export LC_ALL=C.UTF-8 ;;
esac

system_packages=(
    python3 python3-venv ca-certificates                                    # Debian 12: Python 3.11.2
    libglib2.0-0 libgl1 libegl1 libxkbcommon0 libdbus-1-3 libfontconfig1    # Qt itself
    libx11-6 libx11-xcb1 libxcb-cursor0 libxcb-icccm4 libxcb-image0 libxcb-keysyms1 libxcb-randr0
    libxcb-render-util0 libxcb-shape0 libxcb-sync1 libxcb-xfixes0 libxcb-xkb1 libxkbcommon-x11-0
    fonts-dejavu-core                                                       # has every Vietnamese letter
    xvfb xauth                                                              # a screen for tests and for demo without one
    strace gnome-keyring dbus                                               # tests only: crash points, the real keyring
)

say() { printf '%s\n' "$*" >&2; }

fail() {
    say "dev.sh: $*"
    exit 1
}

install_system_packages() {
    if ! command -v dpkg-query >/dev/null; then
        say "dev.sh: not a Debian system; if Qt or a test misses a library, install what matches: ${system_packages[*]}"
        return
    fi
    local missing=() package
    for package in "${system_packages[@]}"; do
        dpkg-query -W -f='${db:Status-Status}' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    if [ ${#missing[@]} -eq 0 ]; then return; fi
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        if ! command -v sudo >/dev/null; then
            say "dev.sh: without root or sudo these system packages stay missing: ${missing[*]}"
            return
        fi
        as_root=(sudo)
        [ -t 0 ] || as_root=(sudo -n)
    fi
    say "dev.sh: installing system packages: ${missing[*]}"
    local log
    log=$(mktemp)
    if ! {
        "${as_root[@]}" apt-get update -qq &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
                apt-get install -y -qq --no-install-recommends "${missing[@]}"
    } </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        fail "apt-get could not install them; nothing else was changed"
    fi
    rm -f "$log"
}

find_python() {
    local name
    for name in ${PYTHON:-} python3.11 python3 python3.12 python3.13 python3.14; do
        if "$name" -c 'import ensurepip, sys, venv; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 15))' 2>/dev/null; then
            command -v "$name"
            return
        fi
    done
    fail "needs Python 3.11 to 3.14 with its venv module"
}

# What the environment was made from: when none of it changed, there is nothing to do.
fingerprint() {
    { cat "$lock" pyproject.toml; echo "$root"; "$venv/bin/python" --version; } 2>/dev/null | sha256sum
}

install_packages() {
    if [ -f "$stamp" ] && [ "$(cat "$stamp")" = "$(fingerprint)" ]; then
        return
    fi
    # An interpreter that is gone, or a clone that was moved: start again.
    if ! "$venv/bin/python" -c 'import pip' 2>/dev/null || ! grep -qsF "$venv" "$venv/bin/pip"; then
        say "dev.sh: making .venv"
        "$(find_python)" -m venv --clear "$venv"
    fi
    if ! "$venv/bin/python" -c 'import uv' 2>/dev/null; then
        # The lock's own entry, with its hashes, so that not even the installer comes unchecked.
        awk '/^[^ ]/ { inside = /^uv==/ } inside' "$lock" >"$venv/uv.lock"
        "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$venv/uv.lock"
    fi
    say "dev.sh: installing the locked packages"
    if ! "$venv/bin/python" -m uv pip sync -q --python "$venv/bin/python" --compile-bytecode --require-hashes "$lock"; then
        say "dev.sh: uv could not; trying pip, which knows pip's own settings"
        "$venv/bin/python" -m pip install -q --disable-pip-version-check --require-hashes -r "$lock"
    fi
    "$venv/bin/python" -m pip install -q --disable-pip-version-check --no-deps --no-build-isolation -e "$root"
    fingerprint >"$stamp"
}

setup() {
    install_system_packages
    install_packages
}

demo() {
    if [ -n "${DISPLAY:-}${WAYLAND_DISPLAY:-}" ] || [ "$(uname)" = Darwin ]; then
        exec "$venv/bin/kam-desktop" --demo "$@"
    fi
    command -v xvfb-run >/dev/null || fail "no display, and no xvfb-run to stand in for one"
    local pictures=$root/build/tour
    mkdir -p "$pictures"
    xvfb-run -a -s "-screen 0 1920x1080x24 -nolisten tcp" "$venv/bin/kam-desktop" --tour "$pictures" "$@"
    say "dev.sh: no display here, so every screen was walked under Xvfb."
    say "dev.sh: $(find "$pictures" -name '*.png' | wc -l) pictures are in $pictures"
}

failed=()

step() {
    local name=$1 began=$SECONDS
    shift
    say "== $name"
    "$@" || failed+=("$name")
    say "== $name: $((SECONDS - began)) s"
}

run_tests() {
    local bin=$venv/bin
    step "ruff" "$bin/ruff" check --quiet .
    step "mypy" "$bin/mypy"
    step "import contracts" "$bin/lint-imports"
    # Measurements want the machine for themselves; everything else shares its cores.
    if compgen -G "tests/bench/test_*.py" >/dev/null; then
        step "benchmarks" "$bin/pytest" -q -p no:randomly tests/bench
    fi
    step "tests" "$bin/pytest" -q -n "${KAM_TEST_WORKERS:-3}" --ignore=tests/bench "$@"
    if [ ${#failed[@]} -gt 0 ]; then
        fail "failed: ${failed[*]}"
    fi
}

command=${1:-}
[ $# -gt 0 ] && shift
case "$command" in
    setup)
        setup
        say "dev.sh: ready; $venv/bin/kam-desktop opens the window"
        ;;
    demo)
        setup
        demo "$@"
        ;;
    test)
        setup
        run_tests "$@"
        ;;
    *)
        sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
        exit 2
        ;;
esac
