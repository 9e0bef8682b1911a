# What is installed, in one place. LocalStack 4.14.0 is the last release that needs no account.
LOCALSTACK_VERSION=4.14.0
# Its dependencies are not pinned: later ones than of this day break it.
LOCALSTACK_DEPENDENCIES_UNTIL=2026-03-01
LOCALEMU_VERSION=1.3.2
OPENBAO_VERSION=2.7.2

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
# Where they are installed. Can be kept between runs; removing it is safe while nothing runs.
EMULATORS=${WAXSEAL_EMULATORS:-$here/../.emulators}
# Where the running ones keep their process ids and logs.
RUNNING=${WAXSEAL_EMULATORS_RUN:-$EMULATORS/run}

LOCALSTACK_PORT=${LOCALSTACK_PORT:-4566}
LOCALEMU_PORT=${LOCALEMU_PORT:-4567}
OPENBAO_PORT=${OPENBAO_PORT:-8200}

ALL="localstack localemu openbao"

# Refuses a mistyped name, which would otherwise be an emulator that was not started.
chosen() {
  local name
  for name in "$@"; do
    case " $ALL " in
      *" $name "*) ;;
      *)
        echo "no such emulator: $name; there are $ALL" >&2
        return 2
        ;;
    esac
  done
  echo "${*:-$ALL}"
}
