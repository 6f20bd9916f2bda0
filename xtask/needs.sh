# What this machine needs, and how to get it. Sourced by ./run and ./test.
#
# Debian packages are installed where that asks nobody anything (root, or sudo without a password); otherwise the exact
# command is printed. Rust is never installed unasked.

oldest_rust=1.95

fail() {
    printf '\033[31m%s\033[0m\n' "$*" >&2
    exit 1
}

# install PACKAGE...: by apt, or says how.
install() {
    local apt=(apt-get install --yes --no-install-recommends "$@")
    if ! command -v apt-get >/dev/null; then
        fail "Please install: $*  (this is no Debian or Ubuntu, so you know best how)"
    elif [[ $EUID -eq 0 ]]; then
        echo "Installing $* ..." >&2
        { apt-get update --quiet=2 && DEBIAN_FRONTEND=noninteractive "${apt[@]}"; } >&2 || fail "apt could not install $*"
    elif sudo --non-interactive true 2>/dev/null; then
        echo "Installing $* ..." >&2
        { sudo apt-get update --quiet=2 && sudo DEBIAN_FRONTEND=noninteractive "${apt[@]}"; } >&2 ||
            fail "apt could not install $*"
    else
        fail "Please install what is missing, then start this again:
    sudo apt-get install $*"
    fi
}

# need_package COMMAND "PACKAGE..." PURPOSE
need_package() {
    command -v "$1" >/dev/null && return
    echo "$1 is missing ($3)." >&2
    # shellcheck disable=SC2086 # several packages in one word
    install $2
}

# at_least VERSION OLDEST
at_least() {
    [[ "$(printf '%s\n%s\n' "$2" "$1" | sort --version-sort | head -n 1)" == "$2" ]]
}

need_rust() {
    # A fresh rustup puts cargo where a shell that was open before does not look.
    command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
    if command -v cargo >/dev/null && command -v rustc >/dev/null; then
        local found
        found="$(rustc --version | cut -d' ' -f2)"
        at_least "$found" "$oldest_rust" && return
        fail "Rust $oldest_rust or newer is needed, and this is $found. Get the newest one:
    rustup update stable        (if rustup is there; else see https://rustup.rs)"
    fi
    local offered
    offered="$(apt-cache policy rustc 2>/dev/null | sed -n 's/^ *Candidate: \([0-9.]*\).*/\1/p')"
    if [[ -n $offered ]] && at_least "$offered" "$oldest_rust"; then
        install cargo rustc
        return
    fi
    fail "Rust $oldest_rust or newer is needed and not there. Install it for your user, then start this again:
    curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- --profile minimal
    . \"\$HOME/.cargo/env\""
}

# Everything that building takes, asked for in one go.
need_to_build() {
    local missing=()
    command -v cc >/dev/null && command -v c++ >/dev/null && command -v make >/dev/null || missing+=(build-essential)
    command -v cmake >/dev/null || missing+=(cmake)
    command -v pkg-config >/dev/null || missing+=(pkg-config)
    command -v git >/dev/null || missing+=(git)
    [[ -e /etc/ssl/certs/ca-certificates.crt || ! -e /etc/debian_version ]] || missing+=(ca-certificates)
    [[ ${#missing[@]} -eq 0 ]] || install "${missing[@]}"
    need_rust
}

# need_cargo_tool NAME VERSION: built once into .tools, which git ignores.
need_cargo_tool() {
    command -v "$1" >/dev/null || [[ -x .tools/bin/$1 ]] && return
    echo "Building $1 $2 (once; takes some minutes) ..." >&2
    cargo install --quiet --locked --root .tools "$1@$2" || fail "$1 could not be built"
}

# need_python_tool NAME VERSION: with an environment of its own in .tools/NAME, which git ignores.
need_python_tool() {
    [[ -x .tools/$1/bin/$1 ]] && return
    python3 -c 'import ensurepip, venv' 2>/dev/null || install python3 python3-venv
    echo "Installing $1 $2 ..." >&2
    { python3 -m venv ".tools/$1" && ".tools/$1/bin/pip" install --quiet --disable-pip-version-check "$1==$2"; } >&2 ||
        fail "$1 could not be installed"
}

# browser NAME...: the path of the first that is there; else the first that apt offers is installed. Ubuntu offers
# browsers as snaps alone, which cannot see a test's temporary folders: there, take a .deb from elsewhere.
browser() {
    local name
    command -v "$@" | head -n 1 | grep . && return
    for name in "$@"; do
        [[ -n "$(apt-cache policy "$name" 2>/dev/null | sed -n '/Candidate: (none)/d; /Candidate: .*snap/d; /Candidate:/p')" ]] || continue
        install "$name"
        command -v "$name" && return
    done
    fail "The browser tests need one of: $*. Please install one (not as a snap), then start this again."
}
