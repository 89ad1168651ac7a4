#include "runtime/dispatch/one_way_failures.hpp"

#include "core/utf8.hpp"

#include <fmt/format.h>

namespace warren::runtime {
namespace {

constexpr std::size_t failure_bytes_max = 2048;

}  // namespace

void OneWayFailures::add(std::string_view who, const Failure& failure) {
    count_.fetch_add(1, std::memory_order_relaxed);
    const auto more = [&] {
        const std::lock_guard guard{mutex_};
        return lines_.admit(clock_.now());
    }();
    log_.write(more ? LogLevel::warning : LogLevel::debug,
               fmt::format("{}: a one-way call failed: {}{}", who,
                           core::text_for_display(to_string(failure), failure_bytes_max),
                           more.value_or("")));
}

}  // namespace warren::runtime
