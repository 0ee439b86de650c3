#!/bin/bash
# under_systemd.sh PROGRAMS: what `service install` writes, run by a live systemd user manager: the socket starts the daemon, a
# daemon that is killed comes back with nothing lost, `systemctl stop` is a clean end, and uninstalling leaves the database alone.
# The manager lives in namespaces and a control group of its own, and ends with them.
set -euo pipefail
programs=$(realpath "$1")
home=$(mktemp -d /tmp/orc-systemd.XXXXXX)

if [ "${2:-}" != inside ]; then
    rmdir "$home"
    not_run() { echo "NOT RUN: no systemd user manager can be had here ($1)"; exit 0; }
    [ "$(id -u)" = 0 ] || not_run "it takes root"
    [ -x /lib/systemd/systemd ] || not_run "systemd is not installed"
    made=()
    for root in /sys/fs/cgroup /sys/fs/cgroup/systemd /sys/fs/cgroup/unified; do
        if [ -f "$root/cgroup.procs" ] && mkdir "$root/orc.$$" 2>/dev/null; then made+=("$root/orc.$$"); fi
    done
    [ ${#made[@]} -gt 0 ] || not_run "no control group"
    outcome=0
    (
        for group in "${made[@]}"; do echo $BASHPID >"$group/cgroup.procs"; done
        exec unshare --mount --pid --fork --kill-child --mount-proc --cgroup "$BASH" "$0" "$programs" inside
    ) || outcome=$?
    for group in "${made[@]}"; do find "$group" -depth -type d -exec rmdir {} \; 2>/dev/null || true; done
    [ "$outcome" != 77 ] || not_run "it did not come up"
    exit "$outcome"
fi

trap 'rm -rf "$home"' EXIT
# The manager asks whether the system was booted with systemd.
mount -t tmpfs tmpfs /run
mkdir -p /run/systemd/system /run/user/0
chmod 700 /run/user/0
for name in $(compgen -e TASK_ORCHESTRATOR_); do unset "$name"; done
export HOME=$home XDG_RUNTIME_DIR=/run/user/0 PATH=$programs:$PATH
/lib/systemd/systemd --user --log-target=console >"$home/manager.log" 2>&1 &
for _ in $(seq 100); do [ -S /run/user/0/systemd/private ] && break; sleep 0.1; done
systemctl --user is-system-running --wait >/dev/null || exit 77

unit() { systemctl --user show --value -p "$1" "task-orchestrator.$2"; }
# is WHAT WANTED GOT
is() { [ "$2" = "$3" ] || { echo "$1: wanted $2, got $3"; cat "$home/manager.log"; exit 1; }; }
pid() { task-orchestrator status --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["pid"])'; }

task-orchestrator service install
is "the socket after install" active "$(unit ActiveState socket)"
is "the daemon before anybody calls" inactive "$(unit ActiveState service)"
task-orchestrator service status

task-orchestrator add "Started by the socket"
is "the daemon after a call" active "$(unit ActiveState service)"
is "whose daemon answers" "$(unit MainPID service)" "$(pid)"
first=$(pid)
task-orchestrator doctor

kill -9 "$first"
task-orchestrator list | grep "Started by the socket"
[ "$(pid)" != "$first" ] || { echo "a killed daemon answers"; exit 1; }
is "whose daemon answers after the kill" "$(unit MainPID service)" "$(pid)"

systemctl --user stop task-orchestrator.service
is "how a stopped daemon ended" success "$(unit Result service)"
if [ -s "$home/.local/share/task-orchestrator/tasks.db-wal" ]; then ls -l "$home/.local/share/task-orchestrator"; echo "a clean end leaves an empty log"; exit 1; fi
task-orchestrator add "Started once more"
is "the daemon after the next call" active "$(unit ActiveState service)"

systemctl --user restart task-orchestrator.service
is "items after a restart" 2 "$(task-orchestrator list --json | python3 -c 'import json, sys; print(json.load(sys.stdin)["total"])')"

task-orchestrator service uninstall
is "the socket after uninstall" not-found "$(unit LoadState socket)"
[ -f "$home/.local/share/task-orchestrator/tasks.db" ]
if task-orchestrator status; then echo "a daemon outlived its service"; exit 1; fi
echo "the service does as it says"
