#!/usr/bin/env bash
# Runs README's commands in an empty Debian 12 (minbase) from a clean clone, and says how long each took.
#
#   sudo bash installer/proof/fresh_debian.sh FOLDER [COMMAND…]      COMMAND: setup, demo, test; without: demo test
#
# FOLDER/base is the empty system, made once with debootstrap and kept; FOLDER/run is a copy of it, new for every run,
# with the last commit of this repository in it. The chroot has this machine's network, apt sources and certificates,
# none of its programs. Pictures of the demo and what was said stay in FOLDER/run.
set -euo pipefail

if [ $# -lt 1 ]; then
    sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "${BASH_SOURCE[0]}" >&2
    exit 2
fi
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
mkdir -p "$1"
folder=$(cd "$1" && pwd)
shift
commands=("$@")
[ ${#commands[@]} -gt 0 ] || commands=(demo test)
base=$folder/base
run=$folder/run

say() { printf '%s\n' "== $*" >&2; }

mirror() { grep -hoE 'https?://[^ ]+/debian/?( |$)' /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | head -1; }

unmount() {
    local place
    for place in dev/pts dev/shm dev sys proc; do
        if mountpoint -q "$run/$place"; then umount "$run/$place"; fi
    done
}

if [ ! -f "$base/etc/debian_version" ]; then
    say "making an empty Debian 12"
    command -v debootstrap >/dev/null || apt-get install -y -qq --no-install-recommends debootstrap
    debootstrap --variant=minbase bookworm "$base" "$(mirror)" >"$folder/debootstrap.log"
fi

unmount
rm -rf --one-file-system "$run"
cp -a --reflink=auto "$base" "$run"
trap unmount EXIT
mount -t proc proc "$run/proc"
mount -t sysfs -o ro sysfs "$run/sys"
mount -t tmpfs -o mode=755 tmpfs "$run/dev"
mkdir "$run/dev/pts" "$run/dev/shm"
mount -t devpts -o newinstance,ptmxmode=0666,mode=620 devpts "$run/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$run/dev/shm"
for device in null:3 zero:5 full:7 random:8 urandom:9 tty:0; do
    mknod -m 666 "$run/dev/${device%:*}" c $([ "${device%:*}" = tty ] && echo 5 || echo 1) "${device#*:}"
done
ln -s pts/ptmx "$run/dev/ptmx"
ln -s /proc/self/fd "$run/dev/fd"
ln -s fd/0 "$run/dev/stdin"
ln -s fd/1 "$run/dev/stdout"
ln -s fd/2 "$run/dev/stderr"

# The way out: names, apt's sources, and the certificates that this network wants to be trusted.
cp -L /etc/resolv.conf /etc/hosts "$run/etc/"
rm -f "$run/etc/apt/sources.list"
for source in /etc/apt/sources.list /etc/apt/sources.list.d/debian.*; do
    [ -f "$source" ] && cp "$source" "$run/etc/apt/${source#/etc/apt/}"
done
environment=(HOME=/root PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb)
if [ -n "${SSL_CERT_FILE:-}" ]; then
    cp -L "$SSL_CERT_FILE" "$run/etc/roots.pem"
    environment+=(SSL_CERT_FILE=/etc/roots.pem PIP_CERT=/etc/roots.pem REQUESTS_CA_BUNDLE=/etc/roots.pem)
fi
for name in http_proxy https_proxy no_proxy PIP_INDEX_URL UV_INDEX_URL UV_DEFAULT_INDEX CI; do
    [ -z "${!name:-}" ] || environment+=("$name=${!name}")
done

git clone -q --no-hardlinks "file://$repository" "$run/root/kam-desktop"
shared=$repository/../shared
if [ -d "$shared" ]; then cp -r "$shared" "$run/root/shared"; fi

say "$(cat "$run/etc/debian_version"), $(chroot "$run" dpkg-query -W | wc -l) packages, commit $(git -C "$run/root/kam-desktop" rev-parse --short HEAD)"
failed=0
for command in "${commands[@]}"; do
    began=$(date +%s)
    outcome=done
    say "bash installer/dev.sh $command"
    chroot "$run" env -i "${environment[@]}" bash -c "cd /root/kam-desktop && bash installer/dev.sh $command" \
        </dev/null 2>&1 | tee "$folder/$command.log" || { outcome=FAILED && failed=1; }
    say "dev.sh $command: $(($(date +%s) - began)) s, $outcome"
done
exit $failed
