// For pickle_differential_test.py: reads pickles from its input, each after its length, and writes
// each again in the protocols 2 to 5, each after its length, until the input ends.
#include "protocol/callme_pickle.hpp"

#include <cstdint>
#include <cstdio>
#include <string>
#include <vector>

namespace {

void write_sized(const std::string& written) {
    const std::uint64_t size = written.size();
    std::fwrite(&size, sizeof size, 1, stdout);
    std::fwrite(written.data(), 1, written.size(), stdout);
}

}  // namespace

int main() {
    using namespace warren;
    Arena arena;
    std::uint64_t size = 0;
    while (std::fread(&size, sizeof size, 1, stdin) == 1) {
        std::vector<std::byte> input(size);
        if (std::fread(input.data(), 1, size, stdin) != size) {
            return 4;
        }
        const auto pickled = format::pickle_decode(input, arena, {}, protocol::callme_classes);
        if (!pickled) {
            std::fprintf(stderr, "%s: %s\n", std::string{pickled.error().type}.c_str(),
                         pickled.error().message.c_str());
            return 2;
        }
        for (int protocol = format::pickle_protocol_min; protocol <= format::pickle_protocol_max;
             ++protocol) {
            std::string written;
            if (!format::pickle_encode(pickled->value, protocol, written)) {
                return 3;
            }
            write_sized(written);
        }
        arena.reset();
    }
    return 0;
}
