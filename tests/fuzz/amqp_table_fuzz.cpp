#include "amqp/field_table.hpp"

#include <cstdint>
#include <cstdlib>

/// A table that was decoded can be encoded, unless it holds a number that no table has a type of
/// its own for, and is then the same.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    using namespace warren::amqp;
    Arena arena;
    const auto table = decode_table(std::as_bytes(std::span{data, size}), arena);
    if (!table) {
        return 0;
    }
    OutputBuffer output;
    Writer writer{output};
    write_table(writer, *table);
    if (writer.error() != CommandError::none) {
        return 0;
    }
    const auto again = decode_table(output.bytes(), arena);
    const bool grown = !again && again.error() == TableError::length_over_limit;
    if (!grown && (!again || *again != *table)) {
        std::abort();
    }
    return 0;
}
