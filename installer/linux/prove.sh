#!/usr/bin/env bash
# Installs the .deb in an empty Debian 12 with only its Depends and a screen, and tries it there: profile, import, PDF,
# window, and sync with a server of this tree on loopback; then all of it again with a keyring (gnome-keyring), which is
# no part of its Depends. The .deb of the server: the commands of installer/server/README.md, its units, an invitation.
#
#   sudo bash installer/linux/prove.sh FOLDER DEB
#
# FOLDER/base is the empty system (the one of installer/proof/fresh_debian.sh will do); FOLDER/package is a copy of it.
set -euo pipefail
[ $# -eq 2 ] || { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2; exit 2; }
mkdir -p "$1"
folder=$(cd "$1" && pwd) deb=$(realpath "$2")
run=$folder/package
mirror() { grep -hoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -1; }
unmount() { for place in dev/shm dev proc; do if mountpoint -q "$run/$place"; then umount "$run/$place"; fi; done; }
[ -f "$folder/base/etc/debian_version" ] || debootstrap --variant=minbase bookworm "$folder/base" "$(mirror)" >"$folder/debootstrap.log"
unmount
rm -rf --one-file-system "$run"
cp -a --reflink=auto "$folder/base" "$run"
trap unmount EXIT
mount -t proc proc "$run/proc"
mount -t tmpfs -o mode=755 tmpfs "$run/dev"
mkdir "$run/dev/shm"
mount -t tmpfs -o mode=1777 tmpfs "$run/dev/shm"
for device in null:3 zero:5 random:8 urandom:9; do mknod -m 666 "$run/dev/${device%:*}" c 1 "${device#*:}"; done
ln -s /proc/self/fd "$run/dev/fd"
cp -L /etc/resolv.conf /etc/hosts "$run/etc/"
rm -f "$run/etc/apt/sources.list"
for source in /etc/apt/sources.list /etc/apt/sources.list.d/debian.*; do
    [ -f "$source" ] && cp "$source" "$run/etc/apt/${source#/etc/apt/}"
done
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive)
if [ -n "${SSL_CERT_FILE:-}" ]; then cp -L "$SSL_CERT_FILE" "$run/etc/roots.pem"; environment+=(SSL_CERT_FILE=/etc/roots.pem); fi
for name in http_proxy https_proxy no_proxy; do [ -z "${!name:-}" ] || environment+=("$name=${!name}"); done
inside() { chroot "$run" env -i "${environment[@]}" "$@" </dev/null; }
cp "$deb" "$run/root/"
inside apt-get update -qq
inside apt-get install -y -qq --no-install-recommends "/root/$(basename "$deb")" >"$folder/install.log" 2>&1
if [[ $(basename "$deb") == kam-server* ]]; then
    inside kam-server --version
    (umask 077 && head -c 18 /dev/urandom | base64 >"$run/var/lib/kam-server/password")
    inside chown kam-server: /var/lib/kam-server/password
    inside kam-server-admin migrate
    inside env KAM_PASSWORD_FILE=/var/lib/kam-server/password \
        kam-server-admin user add admin --role administrator --full-name "Nguyễn Thị Lan"
    inside kam-server-admin invitation /var/lib/kam-server/firm.kamx --address https://kam.example.vn --name "Our firm"
    grep -q '"https://kam.example.vn"' "$run/var/lib/kam-server/firm.kamx"
    inside kam-server-admin doctor
    inside install -d -m 700 -o kam-server -g kam-server /var/lib/kam-server-backups
    inside kam-server-admin backup /var/lib/kam-server-backups
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    sed -i "s/^KAM_SERVER_LISTEN=.*/KAM_SERVER_LISTEN=127.0.0.1:$port/" "$run/etc/kam-server/kam-server.env"
    inside kam-server-admin serve >"$folder/serve.log" 2>&1 &
    served=$!
    trap 'kill $served 2>/dev/null || true; wait $served 2>/dev/null || true; unmount' EXIT
    for _ in $(seq 100); do
        if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then answered=yes; break; fi
        sleep 0.2
    done
    [ "${answered:-}" = yes ] || { cat "$folder/serve.log" >&2; exit 1; }
    echo "serve: answers on 127.0.0.1:$port"
    inside sh -c 'test -x /usr/sbin/kam-pg-point-in-time && test -f /usr/lib/systemd/system/kam-server-backup.timer'
    inside apt-get install -y -qq --no-install-recommends systemd >>"$folder/install.log" 2>&1
    inside sh -c 'cd /usr/lib/systemd/system && systemd-analyze verify ./kam-server*.service ./kam-server-backup.timer'
    echo "units: systemd-analyze verify has nothing to say"
    exit
fi
inside apt-get install -y -qq --no-install-recommends xvfb xauth >>"$folder/install.log" 2>&1
inside kam-desktop --version
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
server=$folder/server
rm -rf "$server"
mkdir -m 700 "$server"
(umask 077 && head -c 18 /dev/urandom | base64 >"$server/password" && cp "$server/password" "$run/root/password")
ours() { (cd "$root" && env "KAM_SERVER_DATABASE=sqlite:///$server/kam.db" .venv/bin/python -m kam_desktop.server "$@"); }
ours migrate >"$server/log"
KAM_PASSWORD_FILE=$server/password ours user add lan --role kam --full-name Lan >>"$server/log"
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
(cd "$root" && exec env "KAM_SERVER_DATABASE=sqlite:///$server/kam.db" \
    .venv/bin/python -m kam_desktop.server serve --listen "127.0.0.1:$port") >>"$server/log" 2>&1 &
served=$!
trap 'kill $served 2>/dev/null || true; wait $served 2>/dev/null || true; unmount' EXIT
for _ in $(seq 100); do
    if (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null; then answered=yes; break; fi
    sleep 0.2
done
[ "${answered:-}" = yes ] || { cat "$server/log" >&2; exit 1; }
environment+=(KAM_PASSWORD_FILE=/root/password no_proxy=127.0.0.1)
tried=(xvfb-run -a kam-desktop --lang en selftest --window --server "http://127.0.0.1:$port" --user lan)
echo "== with its Depends alone"
inside "${tried[@]}" | tee "$folder/depends.txt"
grep -iq '^server: works' "$folder/depends.txt"
echo "== with a keyring"
inside apt-get install -y -qq --no-install-recommends gnome-keyring dbus-daemon >>"$folder/install.log" 2>&1
inside dbus-run-session -- sh -c 'printf trial | gnome-keyring-daemon --unlock --components=secrets >/dev/null && exec "$@"' \
    sh "${tried[@]}" | tee "$folder/keyring.txt"
grep -iq '^keyring: works' "$folder/keyring.txt"
