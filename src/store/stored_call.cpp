#include "store/stored_call.hpp"

#include "core/keyed_hash.hpp"

#include <cstring>
#include <string>

namespace warren::store {
namespace {

// The same in every process: it guards against chance alone.
constexpr core::HashKey checksum_key{0x57'61'72'72'65'6E'20'63, 0x61'6C'6C'20'72'65'63'73};

void append(std::string& bytes, std::int64_t number) {
    char octets[sizeof number];
    std::memcpy(octets, &number, sizeof number);
    bytes.append(octets, sizeof octets);
}

void append(std::string& bytes, std::string_view part) {
    append(bytes, static_cast<std::int64_t>(part.size()));
    bytes.append(part);
}

RecordState state_of(const ClaimRequest& request) noexcept {
    return request.is_at_most_once ? RecordState::begun_at_most_once : RecordState::begun;
}

}  // namespace

std::int64_t StoredCall::checksum() const {
    std::string text;
    text.reserve(bytes());
    append(text, key);
    append(text, method);
    append(text, request);
    append(text, static_cast<std::int64_t>(state));
    append(text, static_cast<std::int64_t>(attempt));
    append(text, static_cast<std::int64_t>(crashes));
    append(text, owner);
    append(text, changed_at_ms);
    append(text, response);
    return static_cast<std::int64_t>(core::siphash(checksum_key, text));
}

std::string_view bytes_of(const RequestHash& hash) noexcept {
    return {reinterpret_cast<const char*>(hash.data()), hash.size()};
}

ClaimDecision decide(const ClaimRequest& request, const StoredCall& found, std::int64_t now_ms,
                     std::int64_t own_number, bool (*lives)(const void*, std::int64_t),
                     const void* context) {
    if (found.request != bytes_of(request.request) || found.method != request.method) {
        return {.claimed = {.state = ClaimState::other_request}};
    }
    if (found.state == RecordState::answered) {
        return {.claimed = {.state = ClaimState::answered,
                            .attempt = found.attempt,
                            .response = std::string{found.response}}};
    }
    // This process asks for none that it has, so that what is its own has ended without a record.
    const bool is_own = found.owner == own_number;
    if (found.owner != 0 && !is_own && lives(context, found.owner)) {
        return {.claimed = {.state = ClaimState::runs_elsewhere}};
    }
    if (found.state == RecordState::begun_at_most_once ||
        (request.is_at_most_once && found.owner != 0)) {
        return {.claimed = {.state = ClaimState::unknown, .attempt = found.attempt}};
    }
    StoredCall next = found;
    next.state = state_of(request);
    next.attempt = found.attempt + 1;
    next.crashes = found.crashes + (found.owner != 0 && !is_own ? 1 : 0);
    next.owner = own_number;
    next.changed_at_ms = now_ms;
    return {.claimed = {.state = ClaimState::fresh,
                        .attempt = next.attempt,
                        .crashes = next.crashes,
                        .first_at_ms = found.first_at_ms},
            .is_written = true,
            .next = next};
}

StoredCall first_record(const ClaimRequest& request, std::int64_t now_ms, std::int64_t own_number) {
    return {.key = request.key,
            .method = request.method,
            .request = bytes_of(request.request),
            .state = state_of(request),
            .owner = own_number,
            .changed_at_ms = now_ms};
}

}  // namespace warren::store
