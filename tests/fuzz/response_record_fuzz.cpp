// Responses that are kept: what is read is written again as what reads back the same.
#include "protocol/failure_value.hpp"
#include "protocol/response_record.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

using namespace warren;

void expect_same(const std::expected<protocol::Response, Failure>& one,
                 const std::expected<protocol::Response, Failure>& other) {
    const bool is_same = one.has_value() == other.has_value() &&
                         (one ? one->message == other->message && one->data == other->data
                              : one.error().code == other.error().code &&
                                    one.error().message == other.error().message &&
                                    one.error().errors.size() == other.error().errors.size() &&
                                    one.error().retry_after == other.error().retry_after &&
                                    one.error().data.value() == other.error().data.value());
    if (!is_same) {
        std::abort();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    Arena arena;
    const auto read = protocol::read_response_record(
        std::string_view{reinterpret_cast<const char*>(data), size}, arena);
    std::string again;
    protocol::write_response_record(read ? *read : protocol::to_answer(read.error()), again);
    Arena arena_again;
    expect_same(read, protocol::read_response_record(again, arena_again));
    return 0;
}
