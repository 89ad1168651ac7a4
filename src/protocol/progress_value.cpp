#include "protocol/progress_value.hpp"

#include "protocol/failure_value.hpp"

#include <array>
#include <span>

namespace warren::protocol {
namespace {

constexpr std::string_view progress_fraction = "fraction";
constexpr std::string_view progress_text = "text";
constexpr std::string_view progress_data = "data";

}  // namespace

Value progress_value(const Progress& progress, Arena& arena) {
    std::array<Member, 3> members;
    auto end = members.begin();
    if (progress.fraction) {
        *end++ = {Value::text(progress_fraction), Value::floating(*progress.fraction)};
    }
    if (!progress.text.empty()) {
        *end++ = {Value::text(progress_text), Value::text(progress.text)};
    }
    if (!progress.data->is_null()) {
        *end++ = {Value::text(progress_data), progress.data.value()};
    }
    return Value::map(arena.copy(std::span<const Member>{members.begin(), end}));
}

Progress read_progress(const Value& value) {
    Progress progress{.text = text_in(value, progress_text)};
    if (const Value* const fraction = value.find(progress_fraction)) {
        if (fraction->kind() == Value::Kind::float64) {
            progress.fraction = fraction->as_float64();
        } else if (fraction->kind() == Value::Kind::int64) {
            progress.fraction = static_cast<double>(fraction->as_int64());
        }
    }
    if (const Value* const data = value.find(progress_data)) {
        progress.data = Dynamic{*data};
    }
    return progress;
}

}  // namespace warren::protocol
