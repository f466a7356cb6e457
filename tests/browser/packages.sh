#!/bin/sh
# Sees to the system's packages that tests of pages need: installs what is missing where it may (as root, with apt), else
# says what is missing and goes on; the tests that need it are then skipped, and say so.
set -u

missing=""
command -v chromium > /dev/null || missing="$missing chromium"
command -v fc-list > /dev/null || missing="$missing fontconfig"
fc-list :lang=ko 2> /dev/null | grep -q . || missing="$missing fonts-noto-cjk"
[ -n "$missing" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing for the tests:$missing"
    export DEBIAN_FRONTEND=noninteractive
    # shellcheck disable=SC2086  # several words
    apt-get --quiet --quiet update && apt-get --quiet --quiet --yes --no-install-recommends install $missing > /dev/null && exit 0
fi
echo "missing for some tests, which are skipped:$missing (on Debian: sudo apt-get install$missing)" >&2
