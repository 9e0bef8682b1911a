#!/usr/bin/env bash
# Stops what start.sh started and nothing else: localstack/stop.sh [localstack] [localemu] [openbao].
set -euo pipefail
. "$(dirname "$0")/versions.sh"

names=$(chosen "$@")
for name in $names; do
  pid=$(cat "$RUNNING/$name.pid" 2>/dev/null) || continue
  # It leads a process group of its own; its children end with it.
  kill -TERM -- "-$pid" 2>/dev/null || true
  for _ in $(seq 100); do
    kill -0 -- "-$pid" 2>/dev/null || break
    sleep 0.1
  done
  kill -KILL -- "-$pid" 2>/dev/null || true
  rm -f "$RUNNING/$name.pid"
  echo "$name: stopped"
done
