#!/bin/sh
# A KEK to try waxseal with: the transit key "waxseal", derived, made once. Needs bao, BAO_ADDR and BAO_TOKEN.
set -eu

if bao secrets list | grep -q '^transit/'; then
  echo "transit/: there already"
else
  bao secrets enable transit
fi
# A derived key binds what it encrypts to the encryption context. Writing it again changes nothing.
bao write -f transit/keys/waxseal type=aes256-gcm96 derived=true >/dev/null
echo "transit/keys/waxseal: ready"
