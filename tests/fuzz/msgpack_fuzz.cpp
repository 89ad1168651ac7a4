// MessagePack: whatever is accepted is written again in a form that reads back as the same value,
// and the response is the same when the input comes in two pieces.
#include "format/msgpack/msgpack.hpp"
#include "format/msgpack/msgpack_writer.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    using State = format::MsgpackScan::State;
    const auto input = std::as_bytes(std::span{data, size});
    const format::MsgpackLimits limits{
        .depth_max = 40, .value_count_max = 10'000, .bytes_max = 50'000};
    Arena arena;
    format::MsgpackReader reader{limits};
    const format::MsgpackRead read = reader.read(input, arena);

    format::MsgpackReader cut{limits};
    format::MsgpackRead second = cut.read(input.first(size / 2), arena);
    if (second.state == State::need_more) {
        second = cut.read(input, arena);
    }
    if (second.state != read.state || second.size_bytes != read.size_bytes ||
        !(second.value == read.value)) {
        std::abort();
    }
    if (read.state == State::refused &&
        (reader.error() != cut.error() || reader.error().type.empty() ||
         reader.error().offset > size)) {
        std::abort();
    }
    if (read.state != State::complete) {
        return 0;
    }
    std::string again;
    if (!format::msgpack_encode(read.value, again) || again.size() > read.size_bytes * 9) {
        std::abort();
    }
    for (int width = 0; width != 3; ++width) {
        const auto back = format::msgpack_decode(std::as_bytes(std::span{again}), arena);
        if (!back || !(*back == read.value)) {
            std::abort();
        }
        (void)format::msgpack_widen(again, 0);
    }
    return 0;
}
