#include "runtime/one_way_failures.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace warren::runtime {
namespace {

constexpr std::size_t failure_bytes_max = 2048;

}  // namespace

void OneWayFailures::add(std::string_view who, const Failure& failure) {
    count_.fetch_add(1, std::memory_order_relaxed);
    std::size_t untold = 0;
    bool is_told = false;
    {
        const std::lock_guard guard{mutex_};
        if (clock_.has_come(period_end_)) {
            period_end_ = clock_.now() + period;
            untold = lines_ - std::min(lines_, lines_max);
            lines_ = 0;
        }
        is_told = ++lines_ <= lines_max;
    }
    log_.write(is_told ? LogLevel::warning : LogLevel::debug,
               fmt::format("{}: a one-way call failed: {}{}", who,
                           core::text_for_display(to_string(failure), failure_bytes_max),
                           untold == 0 ? "" : fmt::format(" (and {} before it)", untold)));
}

}  // namespace warren::runtime
