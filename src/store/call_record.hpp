#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

/// What a store keeps of calls, so that none of them is done twice.
namespace warren::store {

/// SHA-256 of what a call asks for.
using RequestHash = std::array<std::byte, 32>;

/// in   arguments: as bytes that are equal for equal ones
RequestHash request_hash(std::string_view method, std::string_view arguments);

/// A call that is about to begin.
struct ClaimRequest {
    std::string key;  // which call it is, among all that share the store
    std::string method;
    RequestHash request{};
    /// Its beginning is on the disk before it begins: it never begins twice.
    bool is_at_most_once = false;
};

/// What a store knows of a call.
enum class ClaimState : std::uint8_t {
    fresh,           // it may begin: whoever asked has it now
    answered,        // it was done: here is its response
    other_request,   // another one has its key
    runs_elsewhere,  // another process has it
    unknown,         // it began, at most once, and how it ended nobody knows
    damaged,         // its record was altered
};

struct Claimed {
    ClaimState state = ClaimState::fresh;
    std::uint32_t attempt = 1;     // of `fresh`: this one
    std::uint32_t crashes = 0;     // of `fresh`: attempts before it that ended with their process
    std::string response{};        // of `answered`
    std::int64_t first_at_ms = 0;  // of `fresh`: the first attempt; 0: unknown
};

/// A call that has begun, for whoever has it.
struct HeldCall {
    std::string key;
    std::uint32_t attempt = 1;  // another attempt is somebody else's
};

/// How a call ended that is not to be remembered.
enum class LetGo : std::uint8_t {
    undone,  // it had no effect: as if it had never begun
    failed,  // it may have had one
};

/// How much is kept, the newest.
struct RecordLimits {
    std::int64_t keep_ms = std::int64_t{24} * 60 * 60 * 1000;
    std::uint64_t bytes_max = std::uint64_t{1} << 30;
};

}  // namespace warren::store
