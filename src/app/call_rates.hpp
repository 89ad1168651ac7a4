#pragma once

#include <warren/dynamic.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace warren::app {

/// What calls of one method over one protocol did, in all or in between.
struct CallRate {
    std::string method;
    std::string protocol;
    std::uint64_t calls = 0;
    std::uint64_t failed = 0;
    std::optional<double> median_s{};  // no more than this; none: there was no call, or no bound
    std::optional<double> p99_s{};
};

/// A whole number, whichever way it is one.
std::uint64_t count_of(const Value& value);

/// in   before: what the same server said earlier; null: nothing. One that was started anew since
///      then counts from there
/// out  the busiest first; all that it has
std::vector<CallRate> call_rates(const Dynamic& status, const Dynamic& before);

/// Such as "250us", "10ms" or "2.5s"; "-" for none.
std::string duration_text(std::optional<double> seconds);

}  // namespace warren::app
