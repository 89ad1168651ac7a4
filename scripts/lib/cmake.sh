# Configuring, building and testing, as CMakePresets.json says: each preset below build/, in a
# directory of its name.

# in  a preset, then further options of cmake
configure() {
    local log
    log=$(mktemp)
    if ! cmake -S "$root" --preset "$@" >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "cmake refuses to configure build/$1"
    fi
    rm -f "$log"
}

# in  a preset, then further options of cmake, such as --target
build() { (cd "$root" && cmake --build --preset "$1" -j "$jobs" "${@:2}"); }

# in  a preset, then further options of ctest
run_tests() { (cd "$root" && ctest --preset "$@"); }

# The program and the example modules, in build/release. What tests need may be missing here; where
# they are already, they stay.
# in  further targets
build_program() {
    local tests=OFF
    if grep -qs '^WARREN_TESTS:BOOL=ON' "$root/build/release/CMakeCache.txt"; then tests=ON; fi
    configure release -DWARREN_TESTS=$tests
    build release --target warren_program modules/all "$@"
}

# in  further options of cmake
build_fuzzers() {
    configure fuzz "$@"
    build fuzz
}
