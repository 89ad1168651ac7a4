#pragma once

#include <warren/error.hpp>

#include "runtime/client/client_call.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What a client's calls fail with: always what is known, and whether the request may have had an
// effect.
namespace warren::runtime {

/// What a call was waiting for when its deadline passed.
struct WaitingFor {
    std::string_view broker;
    CallStage stage = CallStage::queued;
    bool is_connected = false;
    const Failure* last_failure = nullptr;      // why there is no connection; null: not known yet
    std::optional<std::string_view> blocked{};  // the broker's reason
    bool wants_response = true;
    std::string_view progress{};       // what connecting waits for
    const Failure* attempt = nullptr;  // what became of the attempt before
    std::string_view unknown_why{};    // why nobody could say whether its server is there
};

[[gnu::cold]] Failure deadline_failure(const WaitingFor& waiting,
                                       std::chrono::milliseconds timeout);
/// What keeps a client from connecting, to a call that was not sent for it: not lost, and so safe
/// to make again.
[[gnu::cold]] Failure unsent_failure(Failure why);
/// A request was sent on a connection that is gone, and its reply cannot come any more.
[[gnu::cold]] Failure lost_failure(std::string_view broker, CallStage stage, const Failure& why);
/// No connection could be made, so often.
[[gnu::cold]] Failure no_connection_failure(std::string_view broker, std::size_t attempts,
                                            const Failure& why);
/// A server's queue is there, and the server is not.
[[gnu::cold]] Failure absent_failure(std::string_view broker, std::string_view queue);
[[gnu::cold]] Failure blocked_failure(std::string_view broker, std::string_view reason);
/// Parts that were sent did not come.
/// in   came: so many; next: the number of the one that came then, or how many there were
[[gnu::cold]] Failure missing_parts_failure(std::uint64_t came, std::optional<std::uint64_t> next);
/// A server that had begun gives no sign any more.
[[gnu::cold]] Failure silent_server_failure(std::chrono::milliseconds silence);
[[gnu::cold]] Failure cancelled_failure(CallStage stage, std::string_view by_whom);
/// A call was sent, and cannot be sent again.
/// in   before: what became of the last attempt
[[gnu::cold]] Failure not_again_failure(const Failure& before, const Failure& why);
/// A call was sent several times.
[[gnu::cold]] Failure attempts_failure(Failure last, std::uint32_t attempts);

}  // namespace warren::runtime
