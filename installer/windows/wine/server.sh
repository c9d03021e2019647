#!/usr/bin/env bash
# A server of this tree on a free port of loopback with the user lan: server.sh ROOT DATABASE WORK
# Writes its address to WORK/server.address; the password is in WORK/password.
set -euo pipefail
root=$1 database=sqlite:///$2 work=$3
cd "$root"
rm -f "$work/server.address"
export KAM_PASSWORD_FILE=$work/password
.venv/bin/python -m kam_desktop.server migrate --database "$database"
.venv/bin/python -m kam_desktop.server user add lan --role kam --full-name Lan --database "$database" ||
    .venv/bin/python -m kam_desktop.server user add lan --database "$database"
port=$(.venv/bin/python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
.venv/bin/python -m kam_desktop.server serve --listen "127.0.0.1:$port" --database "$database" &
trap 'kill $!' TERM EXIT
for _ in $(seq 100); do
    (exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null && break
    sleep 0.2
done
echo "http://127.0.0.1:$port" >"$work/server.address"
wait
