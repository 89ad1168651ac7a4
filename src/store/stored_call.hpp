#pragma once

#include "store/call_record.hpp"
#include "store/store_schema.hpp"

#include <cstdint>
#include <string_view>

namespace warren::store {

/// One call as its record has it; views of whatever it was read from.
struct StoredCall {
    std::string_view key;
    std::string_view method;
    std::string_view request;
    RecordState state = RecordState::begun;
    std::uint32_t attempt = 1;
    std::uint32_t crashes = 0;
    std::int64_t owner = 0;
    std::int64_t changed_at_ms = 0;
    std::string_view response{};
    std::int64_t first_at_ms = 0;  // 0: unknown; not of the checksum

    /// What tells it from one that was altered, by mistake and not on purpose.
    std::int64_t checksum() const;
    /// What it takes in the database, about.
    std::uint64_t bytes() const noexcept {
        constexpr std::uint64_t overhead = 96;
        return key.size() * 2 + method.size() + request.size() + response.size() + overhead;
    }
};

/// The request's hash as a record has it.
std::string_view bytes_of(const RequestHash& hash) noexcept;

/// What becomes of a claim where there is a record already.
struct ClaimDecision {
    Claimed claimed{};
    bool is_written = false;  // `next` takes its place
    StoredCall next{};
};

/// in   found: whole, or checksum says so
///      lives: whether the process that has it does, which is asked only where it matters
ClaimDecision decide(const ClaimRequest& request, const StoredCall& found, std::int64_t now_ms,
                     std::int64_t own_number,
                     bool (*lives)(const void* context, std::int64_t owner), const void* context);
/// The record of a call that nobody knew.
StoredCall first_record(const ClaimRequest& request, std::int64_t now_ms, std::int64_t own_number);

}  // namespace warren::store
