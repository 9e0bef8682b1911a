#!/usr/bin/env bash
# Starts the emulators, waits until they answer, sets them up (init/) and prints the variables that the tests read:
# localstack/start.sh [localstack] [localemu] [openbao]. One that runs already is left as it is.
set -euo pipefail
. "$(dirname "$0")/versions.sh"

names=$(chosen "$@")
mkdir -p "$RUNNING"

# start NAME COMMAND...: as the leader of a process group, so that stop.sh finds its children too.
start() {
  local name=$1
  shift
  setsid "$@" >"$RUNNING/$name.log" 2>&1 </dev/null &
  echo $! >"$RUNNING/$name.pid"
}

# answers URL: any reply of the server counts, a refusal too.
answers() {
  curl --silent --output /dev/null --max-time 2 "$1"
}

wait_for() {
  local name=$1 url=$2
  for _ in $(seq 300); do
    if answers "$url"; then return; fi
    if ! kill -0 "$(cat "$RUNNING/$name.pid")" 2>/dev/null; then
      echo "$name ended before it answered; its log:" >&2
      tail -n 20 "$RUNNING/$name.log" >&2
      rm -f "$RUNNING/$name.pid"
      return 1
    fi
    sleep 0.2
  done
  echo "$name did not answer within a minute; its log is $RUNNING/$name.log" >&2
  return 1
}

# What both forks of LocalStack need: nothing is sent anywhere, no certificate is fetched, and files are kept here. Within a
# container they would otherwise take themselves for their own image and write to /var/lib.
quiet=(DISABLE_EVENTS=1 SKIP_SSL_CERT_DOWNLOAD=1 DNS_ADDRESS=0 PYTHONWARNINGS=ignore OVERRIDE_IN_DOCKER=0
  "XDG_CACHE_HOME=$RUNNING/cache")

url_of() {
  case $1 in
    localstack) echo "http://127.0.0.1:$LOCALSTACK_PORT/_localstack/health" ;;
    localemu) echo "http://127.0.0.1:$LOCALEMU_PORT/_localemu/health" ;;
    openbao) echo "http://127.0.0.1:$OPENBAO_PORT/v1/sys/health" ;;
  esac
}

launch() {
  local name=$1 folder=$EMULATORS/$1
  [ -x "$folder/bin/python" ] || {
    echo "$name is not installed: run localstack/install.sh $name" >&2
    return 3
  }
  if answers "$(url_of "$name")"; then
    echo "$name: something answers at $(url_of "$name") already; stop it, or choose another port (localstack/versions.sh)" >&2
    return 1
  fi
  case $name in
    localstack)
      start "$name" env "${quiet[@]}" SERVICES=kms,sts,iam "GATEWAY_LISTEN=127.0.0.1:$LOCALSTACK_PORT" \
        "FILESYSTEM_ROOT=$RUNNING/localstack" \
        "$folder/bin/python" -m localstack.runtime.main
      ;;
    localemu)
      start "$name" env "${quiet[@]}" SERVICES=kms,sts,iam,cloudtrail "GATEWAY_LISTEN=127.0.0.1:$LOCALEMU_PORT" \
        IAM_ENFORCEMENT=1 ROOT_ACCESS_KEYS=test "FILESYSTEM_ROOT=$RUNNING/localemu" \
        "$folder/bin/python" -m localemu.runtime.main
      ;;
    openbao)
      # Audit devices can be declared only here: the API no longer takes them.
      sed "s|@AUDIT_LOG@|$RUNNING/openbao-audit.log|" "$here/openbao.hcl" >"$RUNNING/openbao.hcl"
      start "$name" "$folder/bin/bao" server -dev -dev-root-token-id=root "-dev-listen-address=127.0.0.1:$OPENBAO_PORT" \
        -dev-no-store-token "-config=$RUNNING/openbao.hcl"
      ;;
  esac
}

set_up() {
  case $1 in
    localstack) AWS_ENDPOINT_URL="http://127.0.0.1:$LOCALSTACK_PORT" "$EMULATORS/$1/bin/python" "$here/init/aws.py" >&2 ;;
    localemu) AWS_ENDPOINT_URL="http://127.0.0.1:$LOCALEMU_PORT" "$EMULATORS/$1/bin/python" "$here/init/aws.py" >&2 ;;
    openbao) BAO_ADDR="http://127.0.0.1:$OPENBAO_PORT" BAO_TOKEN=root PATH="$EMULATORS/$1/bin:$PATH" "$here/init/openbao.sh" >&2 ;;
  esac
}

for name in $names; do
  pid=$(cat "$RUNNING/$name.pid" 2>/dev/null || true)
  if [ -n "$pid" ] && kill -0 "$pid" 2>/dev/null; then
    echo "$name: runs already" >&2
  else
    launch "$name"
    wait_for "$name" "$(url_of "$name")"
    echo "$name: ready" >&2
  fi
  set_up "$name"
done
for name in $names; do
  case $name in
    localstack) echo "export WAXSEAL_TEST_AWS_ENDPOINT=http://127.0.0.1:$LOCALSTACK_PORT" ;;
    localemu) echo "export WAXSEAL_TEST_LOCALEMU_ENDPOINT=http://127.0.0.1:$LOCALEMU_PORT" ;;
    openbao)
      echo "export WAXSEAL_TEST_VAULT_ADDR=http://127.0.0.1:$OPENBAO_PORT"
      echo "export WAXSEAL_TEST_VAULT_TOKEN=root"
      echo "export WAXSEAL_TEST_VAULT_AUDIT_LOG=$RUNNING/openbao-audit.log"
      echo "export WAXSEAL_TEST_VAULT_PROGRAM=$EMULATORS/openbao/bin/bao"
      ;;
  esac
done
