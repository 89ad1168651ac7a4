#include "core/duration.hpp"

#include "core/digit.hpp"
#include "core/utf8.hpp"

#include <fmt/format.h>

#include <array>
#include <cstdint>

namespace warren::core {
namespace {

struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
};

// From the largest down: formatting takes the first that leaves no rest.
constexpr std::array units{Unit{"h", 3'600'000}, Unit{"m", 60'000}, Unit{"s", 1'000},
                           Unit{"ms", 1}};

constexpr std::int64_t duration_ms_max = 1'000'000LL * 3'600'000;
constexpr std::size_t shown_bytes_max = 40;

std::unexpected<Failure> refuse(std::string_view text, std::string_view why) {
    return std::unexpected{
        Failure{.code = Code::invalid_request,
                .message = fmt::format("\"{}\" is not a duration: {}",
                                       text_for_display(text, shown_bytes_max), why)}};
}

}  // namespace

std::expected<std::chrono::milliseconds, Failure> parse_duration(std::string_view text) {
    // The number is read as an integer and the power of ten under it, so nothing is rounded.
    std::int64_t number = 0;
    std::int64_t scale = 1;
    std::size_t at = 0;
    std::size_t point_at = std::string_view::npos;
    for (; at < text.size() && (is_digit(text[at]) || text[at] == '.'); ++at) {
        if (text[at] == '.') {
            if (point_at != std::string_view::npos || at == 0) {
                break;
            }
            point_at = at;
            continue;
        }
        if (number > duration_ms_max || scale > duration_ms_max) {
            return refuse(text, "the number has too many digits");
        }
        number = number * 10 + (text[at] - '0');
        scale *= point_at == std::string_view::npos ? 1 : 10;
    }
    if (at == 0 || point_at == at - 1) {
        return refuse(text, "write a number and a unit, such as 5s, 250ms, 2m or 1h");
    }
    const std::string_view unit_name = text.substr(at);
    if (unit_name.empty()) {
        return refuse(text, fmt::format("it has no unit; write {0}s for seconds or {0}ms for "
                                        "milliseconds",
                                        text_for_display(text, shown_bytes_max)));
    }
    for (const Unit& unit : units) {
        if (unit.name != unit_name) {
            continue;
        }
        if (number / scale > duration_ms_max / unit.milliseconds) {
            return refuse(text, "it is longer than 1000000h");
        }
        const std::int64_t whole = number / scale * unit.milliseconds;
        // rest < scale <= 10 * duration_ms_max, so the product needs more than 64 bits only where
        // the fraction has digits no duration needs; those must be noughts or are refused below.
        std::int64_t rest = number % scale;
        std::int64_t rest_scale = scale;
        while (rest_scale > 1 && rest % 10 == 0) {
            rest /= 10;
            rest_scale /= 10;
        }
        if (rest_scale > 1'000'000 || rest * unit.milliseconds % rest_scale != 0) {
            return refuse(text, "it is finer than a millisecond");
        }
        const std::int64_t total = whole + rest * unit.milliseconds / rest_scale;
        if (total > duration_ms_max) {
            return refuse(text, "it is longer than 1000000h");
        }
        return std::chrono::milliseconds{total};
    }
    return refuse(text, "the unit must be ms, s, m or h");
}

std::string to_string(std::chrono::milliseconds duration) {
    if (duration.count() == 0) {
        return "0s";
    }
    for (const Unit& unit : units) {
        if (duration.count() % unit.milliseconds == 0) {
            return fmt::format("{}{}", duration.count() / unit.milliseconds, unit.name);
        }
    }
    return fmt::format("{}ms", duration.count());
}

}  // namespace warren::core
