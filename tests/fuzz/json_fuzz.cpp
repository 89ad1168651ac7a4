// JSON: whatever is accepted is written again in a form that reads back as the same value.
#include "format/json/json.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const format::JsonLimits limits{.depth_max = 40, .value_count_max = 100'000};
    Arena arena;
    const auto value = format::json_decode(text, arena, limits);
    if (!value) {
        if (value.error().offset > size || value.error().type.empty()) {
            std::abort();
        }
        return 0;
    }
    for (const auto write :
         {format::json_encode, format::json_encode_pretty, format::json_encode_python}) {
        std::string again;
        if (!write(*value, again, limits)) {
            std::abort();
        }
        const auto back = format::json_decode(again, arena, limits);
        if (!back || !(*back == *value)) {
            std::abort();
        }
    }
    return 0;
}
