# Configuring and building, each kind in a directory of its own below build/.

# in  directory below build/, then further options of cmake
configure() {
    local directory=$1
    shift
    local log
    log=$(mktemp)
    if ! cmake -S "$root" -B "$root/build/$directory" -G Ninja -DWARREN_UNITY=ON "$@" \
        >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        fail "cmake refuses to configure build/$directory"
    fi
    rm -f "$log"
}

# in  directory below build/, then targets (all when there are none)
build() {
    local directory=$1
    shift
    ninja -C "$root/build/$directory" -j "$jobs" "$@"
}

configure_release() { configure release -DCMAKE_BUILD_TYPE=Release "$@"; }

# The program and the example modules, in build/release. What tests need may be missing here; where
# they are already, they stay.
# in  further targets
build_program() {
    local tests=OFF
    if grep -qs '^WARREN_TESTS:BOOL=ON' "$root/build/release/CMakeCache.txt"; then tests=ON; fi
    configure_release -DWARREN_TESTS=$tests
    build release warren_program modules/all "$@"
}

# The fuzz programs, in build/fuzz/fuzz: always clang, ASan and UBSan.
build_fuzzers() {
    configure fuzz -DCMAKE_BUILD_TYPE=RelWithDebInfo -DCMAKE_CXX_COMPILER=clang++-19 \
        -DWARREN_FUZZ=ON -DWARREN_TESTS=OFF -DWARREN_SANITIZE=address,undefined
    build fuzz fuzzers
}
