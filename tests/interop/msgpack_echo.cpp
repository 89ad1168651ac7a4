// For msgpack_differential_test.py: reads MessagePack objects from its input, however they are cut,
// and writes each again, until the input ends.
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"

#include <unistd.h>

#include <cstdio>
#include <string>

int main() {
    using namespace warren;
    using State = format::MsgpackScan::State;
    format::MsgpackReader reader;
    Arena arena;
    std::string input;
    std::string output;
    char piece[4099];
    ssize_t got = 0;
    while ((got = read(STDIN_FILENO, piece, sizeof piece)) > 0) {
        input.append(piece, static_cast<std::size_t>(got));
        std::size_t at = 0;
        format::MsgpackRead object;
        while ((object = reader.read(std::as_bytes(std::span{input}).subspan(at), arena)).state ==
               State::complete) {
            if (!format::msgpack_encode(object.value, output)) {
                return 3;
            }
            at += object.size_bytes;
            arena.reset();
        }
        if (object.state == State::refused) {
            std::fprintf(stderr, "%s\n", reader.error().message.c_str());
            return 2;
        }
        input.erase(0, at);
        std::fwrite(output.data(), 1, output.size(), stdout);
        output.clear();
    }
    return input.empty() ? 0 : 4;
}
