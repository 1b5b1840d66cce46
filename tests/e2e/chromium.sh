#!/usr/bin/env bash
# Finds a Chromium for the browser tests, or installs one, and prints its path; nothing is printed when it is
# Playwright's own, which Playwright finds by itself. First argument: the Python that has Playwright.
set -euo pipefail
package=chromium-headless-shell

find_installed() {
    local name
    for name in chromium-headless-shell chromium chromium-browser google-chrome google-chrome-stable chrome \
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" \
        "/Applications/Chromium.app/Contents/MacOS/Chromium"; do
        command -v "$name" && return 0
    done
    return 1
}

install_with_apt() {
    command -v apt-get >/dev/null || return 1
    local as_root=()
    if [ "$(id -u)" -ne 0 ]; then
        sudo -n true 2>/dev/null || return 1
        as_root=(sudo -n)
    fi
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package" ||
        { "${as_root[@]}" apt-get update &&
            "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$package"; }
}

if [ -n "${RESNET_LAB_CHROMIUM:-}" ]; then
    echo "$RESNET_LAB_CHROMIUM"
elif ! find_installed; then
    echo "No Chromium is installed: fetching one for the browser tests." >&2
    if install_with_apt >&2; then
        find_installed
    else
        "$1" -m playwright install chromium-headless-shell >&2
    fi
fi
