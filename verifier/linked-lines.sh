#!/usr/bin/env bash
# Counts the lines of Tacit's own functions that the smallest verifier links: `examples/verify.rs` without features.
#
# The program is built without optimisation, so that no function is lost in another, and with line tables. The linker keeps
# what is reachable; each sequence of the line table is one function that it kept. A function counts from its first to its
# last line, comments within included, a generic one once. Types, constants, imports, documentation and tests do not count,
# nor do other people's crates: field, curve, merlin, SHA-256, postcard and the standard library.
#
# With `--functions` every range is listed.
set -euo pipefail
cd "$(dirname "$0")/.."

target="${CARGO_TARGET_DIR:-target}/linked-lines"
CARGO_PROFILE_DEV_OPT_LEVEL=0 CARGO_PROFILE_DEV_DEBUG=line-tables-only CARGO_INCREMENTAL=0 RUSTFLAGS= \
    cargo build --quiet --locked -p tacit-verifier --no-default-features --example verify --target-dir "$target"

readelf --debug-dump=decodedline --wide "$target/debug/examples/verify" 2>/dev/null |
    awk -v root="$PWD/" -v list="${1:-}" '
    # A heading names the file of the rows below it.
    /:$/ {
        sub(/^CU: /, ""); sub(/:$/, "")
        file = index($0, root) == 1 ? substr($0, length(root) + 1) : $0
        ours = file ~ /^(algebra|layers|transcript|verifier)\/(src|examples)\//
        next
    }
    # A sequence ends. What the linker dropped begins where no program does.
    $2 == "-" {
        for (f in first) if (kept) {
            if (list == "--functions") print f ":" first[f] "-" last[f] | "sort -u -t: -k1,1 -k2,2n"
            for (line = first[f]; line <= last[f]; line++) seen[f ":" line] = 1
        }
        delete first; delete last; begun = 0
        next
    }
    $2 ~ /^[0-9]+$/ {
        if (!begun) { begun = 1; kept = $3 !~ /^(0|0x0|0x1)$/ }
        if (!ours || $2 == 0) next
        if (!(file in first) || $2 + 0 < first[file]) first[file] = $2 + 0
        if (!(file in last) || $2 + 0 > last[file]) last[file] = $2 + 0
    }
    END {
        close("sort -u -t: -k1,1 -k2,2n")
        for (line in seen) { split(line, part, "/"); lines[part[1]]++; total++ }
        for (crate in lines) printf "%-12s %6d\n", crate, lines[crate] | "sort"
        close("sort")
        printf "%-12s %6d\n", "all", total
    }'
