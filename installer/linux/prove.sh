#!/usr/bin/env bash
# Installs the .deb in an empty Debian 12 with only its Depends and a screen, and tries it there.
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
    inside kam-server-admin migrate
    exit
fi
inside apt-get install -y -qq --no-install-recommends xvfb xauth >>"$folder/install.log" 2>&1
inside kam-desktop --version
inside xvfb-run -a kam-desktop --lang en selftest --window
