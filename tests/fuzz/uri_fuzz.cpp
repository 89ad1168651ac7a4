// URIs and durations: whatever is accepted prints as something that reads back the same.
#include "core/duration.hpp"
#include "core/percent.hpp"
#include "core/uri.hpp"
#include "core/utf8.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren::core;
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    if (const auto duration = parse_duration(text)) {
        if (parse_duration(to_string(*duration)) != *duration) {
            std::abort();
        }
    }
    const std::string shown = text_for_display(text, 100);
    if (shown.size() > 103 || !utf8_valid(shown)) {
        std::abort();
    }
    if (percent_decode(percent_encode(text)).value_or("") != text && utf8_valid(text) &&
        !text.contains('\0')) {
        std::abort();
    }
    const auto uri = parse_uri(text);
    if (!uri) {
        return 0;
    }
    (void)virtual_host_of(*uri);
    const std::string printed = to_string(*uri);
    const auto again = parse_uri(printed);
    // Encoding makes three bytes of one, so what is printed may be over the length's limit.
    if ((!again && printed.size() <= 8192) || (again && to_string(*again) != printed)) {
        std::abort();
    }
    return 0;
}
