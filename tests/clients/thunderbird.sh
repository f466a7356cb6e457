#!/bin/sh
# Sees to Thunderbird for `make test-clients`: installs it where it may (as root, with apt), else says that it is missing.
set -u
command -v thunderbird > /dev/null && exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get > /dev/null; then
    echo "installing for the tests: thunderbird"
    export DEBIAN_FRONTEND=noninteractive
    apt-get --quiet --quiet update && apt-get --quiet --quiet --yes --no-install-recommends install thunderbird > /dev/null && exit 0
fi
echo "missing for these tests: thunderbird (on Debian: sudo apt-get install thunderbird)" >&2
exit 1
