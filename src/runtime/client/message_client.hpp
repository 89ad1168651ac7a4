#pragma once

#include <warren/arena.hpp>

#include "core/limits.hpp"
#include "format/compression.hpp"
#include "protocol/message_protocol.hpp"
#include "runtime/client/client_call.hpp"
#include "runtime/client/client_calls.hpp"
#include "runtime/client/message_client_bindings.hpp"
#include "runtime/client/server_presence.hpp"
#include "runtime/transports.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::runtime {

struct MessageClientOptions {
    std::string server;  // as in `protocol::ServerTopologyOptions`; of calls that name none
    std::string broker;  // its address in messages, without credentials
    std::size_t in_flight_max = core::Limits{}.in_flight_calls_max;
    std::array<std::uint8_t, 16> random{};  // of this client's own
    std::optional<bool> persistent{};       // requests; unset: those that nothing answers
    WhenAbsent when_absent = WhenAbsent::wait;
    RetryOptions retry{};
    std::optional<std::array<std::uint8_t, 16>> key_random{};  // as of ClientCallsOptions
    /// Whether requests say when they were sent, and which attempt at their call they are: the
    /// server is known to be one of Warren's.
    bool says_when_sent = false;
    /// As whom the broker knows this client, which requests say; empty: they do not.
    std::string user_id{};
    /// Whether servers are told of calls that nobody waits for any more.
    bool cancels = false;
    /// So often in a row connecting may fail until the calls that wait for it fail; unset: always.
    std::optional<std::size_t> connect_attempts{};
    std::size_t request_bytes_max = core::Limits{}.body_bytes_max;  // of its body
    /// How requests are compressed, and replies may be: the server is known to be one of Warren's.
    format::Compression compression = format::Compression::none;
};

/// Calls over the port of a broker, any number at once. Every failure says what is known of the
/// request.
class MessageClient final : public ClientCalls, public ClientSink {
public:
    MessageClient(Executor& executor, const protocol::MessageProtocol& protocol,
                  MessageClientOptions options);
    ~MessageClient() override;

    /// Say where calls go, before the port says anything.
    void attach(ClientTransport& transport) noexcept { transport_ = &transport; }

    void on_ready(std::string_view reply_address) override;
    void on_reply(const protocol::MessageView& reply) override;
    void on_accepted(std::uint64_t token) override;
    void on_returned(std::uint64_t token, const Failure& why) override;
    void on_refused(std::uint64_t token, const Failure& why) override;
    void on_dropped(std::uint64_t token) override;
    void on_bound(std::uint64_t token, const Failure* refused) override;
    void on_consumers(std::uint64_t token,
                      const std::expected<std::uint32_t, Failure>& consumers) override;
    void on_lost(const Failure& why, RepliesSurvive replies) override;
    void on_failed(const Failure& why) override;
    void on_blocked(std::string_view reason) override;
    void on_unblocked() override;

private:
    struct Cancelled {
        std::string queue;  // of its server
        PendingCalls::CorrelationText correlation_id;
        TimePoint request_expires;
    };

    void dispatch(ClientCall& call) override;
    Failure deadline_failure_of(const ClientCall& call) const override;
    std::string_view server_of(const ClientCall& call) const noexcept;
    std::string_view prepared_of(const ClientCall& call) const noexcept;
    bool bind_first(ClientCall& call);
    // message_client_presence.cpp
    bool is_served(ClientCall& call);
    bool ask_for(ServerPresence& presence);
    Failure unbound_failure(const ClientCall& call, const Failure& why);
    void forget_presences();
    TimePoint now() const noexcept { return executor().now(); }
    void lose(ClientCall& call, RepliesSurvive replies);
    void count_attempt(const Failure& why);
    // message_client_cancel.cpp
    void forget(ClientCall& call) noexcept override;
    void send_credit(ClientCall& call, std::uint64_t bytes_done) override;
    void say_credit(const ClientCall& call, std::uint64_t bytes_done);
    void tell_again(std::uint64_t token, std::uint64_t bytes_done, std::chrono::milliseconds pause);
    void send_cancellations();
    void send_cancellation(const Cancelled& call);
    void tell_again_later();
    void publish(ClientCall& call);
    void compress(const ClientCall& call, protocol::MessageView& request);
    void send_waiting();

    const protocol::MessageProtocol& protocol_;
    const MessageClientOptions options_;
    ClientTransport* transport_ = nullptr;

    bool is_ready_ = false;
    std::string reply_address_;
    std::optional<std::string> blocked_;        // the broker's reason
    std::optional<Failure> last_failure_;       // why there was no connection last time
    std::optional<Failure> permanent_failure_;  // the transport needs a person's help
    CallQueue waiting_;  // for the connection, or for the broker to take messages again
    MethodBindings bindings_;
    ServerPresences presences_;
    std::vector<Cancelled> cancelled_;    // whose servers are still to be told, perhaps again
    std::size_t cancellations_sent_ = 0;  // the first so many of them, once
    bool tells_again_ = false;            // when `grace_until_` has come
    TimePoint grace_until_{};
    std::size_t attempts_failed_ = 0;  // to connect, in a row
    bool was_ready_ = false;
    Arena arena_;
    std::string body_;
    std::string compressed_;
};

}  // namespace warren::runtime
