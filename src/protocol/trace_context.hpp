#pragma once

#include <cstddef>
#include <string_view>

/// Which texts are a trace's, as W3C has them: what is none, or is over a limit, is as if it were
/// not there.
namespace warren::protocol {

inline constexpr std::size_t traceparent_bytes_max = 255;  // of versions to come; 55 of this one
inline constexpr std::size_t tracestate_bytes_max = 512;
inline constexpr std::size_t tracestate_members_max = 32;
inline constexpr std::size_t baggage_bytes_max = 8192;
inline constexpr std::size_t baggage_members_max = 180;

bool is_traceparent(std::string_view text) noexcept;  // [W3C Trace Context 3.2]
bool is_tracestate(std::string_view text) noexcept;   // [W3C Trace Context 3.3]
bool is_baggage(std::string_view text) noexcept;      // [W3C Baggage 3]

}  // namespace warren::protocol
