#!/bin/sh
# The engine's own benches without AVX and FMA, as an older processor would run them. On a copy of the last commit: what
# is found out at run time cannot be switched off.
set -eu
root=$(git rev-parse --show-toplevel)
copy=$(mktemp -d)
trap 'rm -rf "$copy"' EXIT
git clone --quiet "$root" "$copy"
cd "$copy"
find crates/dsp/src -name '*.rs' -exec sed -i \
    -e '/^#\[multiversion(/d' -e '/^use multiversion/d' -e 's/target_cfg_f!([^)]*)/false/' {} +
sed -i -e '/^multiversion/d' \
    -e 's/^realfft = .*/realfft = { version = "3.5", default-features = false, features = ["sse"] }/' \
    -e 's/^rustfft = .*/rustfft = { version = "6.4", default-features = false, features = ["sse"] }/' crates/dsp/Cargo.toml
if grep -rn 'multiversion\|target_cfg' crates/dsp/src crates/dsp/Cargo.toml; then
    echo "expected no wide instructions to be left, found those above; this script has to follow" >&2
    exit 1
fi
CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-$root/target}/sse2" cargo bench --package mastering
