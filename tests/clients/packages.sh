#!/bin/sh
# Sees to the programs from Node's world that tests ask, and to curl: installs them where it may (as root, with apt), then the packages
# that package-lock.json pins, beside this file. Where that cannot be it says what is missing and goes on; the tests that need it are
# then skipped, and say so.
set -u
cd "$(dirname "$0")" || exit 1

missing=""
command -v curl > /dev/null || missing="$missing curl"
command -v node > /dev/null || missing="$missing nodejs"
command -v npm > /dev/null || missing="$missing npm"

if [ -n "$missing" ] && [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # several words
    apt-get --quiet --quiet update && apt-get --quiet --quiet --yes --no-install-recommends install $missing > /dev/null && missing=""
fi
if [ -n "$missing" ]; then
    echo "missing for some tests, which are skipped:$missing (on Debian: sudo apt-get install$missing)" >&2
    exit 0
fi

cmp -s package-lock.json node_modules/.installed.json && exit 0
if npm ci --loglevel=error > /dev/null; then
    cp package-lock.json node_modules/.installed.json
else
    rm -rf node_modules
    echo "missing for some tests, which are skipped: what tests/clients/package-lock.json names (npm could not install it)" >&2
fi
