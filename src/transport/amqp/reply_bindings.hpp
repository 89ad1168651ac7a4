#pragma once

#include "protocol/topology.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/link.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::transport {

class ReplyBindingsUser {
public:
    virtual void on_bound(std::uint64_t token, const Failure* refused) = 0;
    /// Every binding of earlier connections, and every one asked for in between, is made or known
    /// to be refused.
    virtual void on_bindings_restored() = 0;

protected:
    ~ReplyBindingsUser() = default;
};

/// What a reply queue is bound to, on a channel of its own: a refused binding closes this channel,
/// which is opened again, and no other.
class ReplyBindings final : public ChannelUser {
public:
    enum class Need : std::uint8_t {
        binding,
        exchange,  // replies need no binding of it, but requests need the exchange
    };

    ReplyBindings(Link& link, Need need, ReplyBindingsUser& user);
    ReplyBindings(const ReplyBindings&) = delete;
    ReplyBindings& operator=(const ReplyBindings&) = delete;
    ~ReplyBindings();

    /// Make bindings, now and after each `restore`; on_bound follows.
    void bind(std::uint64_t token, std::vector<protocol::Binding> bindings);
    /// The reply queue is there (again): bind it. on_bindings_restored follows.
    void restore(std::string_view reply_queue);
    /// The reply queue or the connection is gone; what waits, waits for `restore`.
    void suspend();

    /// Whether replies to requests through this exchange could not come back: its binding was
    /// refused or lost. Then it is tried again, for later requests.
    bool is_broken(std::string_view exchange);
    /// See whether all are still there, and make them again.
    void refresh();
    /// An exchange is gone, and with it its bindings, even when it comes back.
    void exchange_is_gone(std::string_view exchange);

    void on_channel_event(const amqp::Event& event) override;

private:
    struct Known {
        protocol::Binding binding;
        bool broken = false;
    };

    struct Step {
        protocol::Binding binding{};
        std::optional<std::uint64_t> token{};  // none: of `known_` again
        bool last = true;                      // of its token's
        bool sent = false;
    };

    bool is_under_way(const protocol::Binding& binding) const noexcept;
    void send();
    bool send(const Step& step);
    void refuse(const Step& step, const Failure& why);
    void done();
    void refused(const Failure& why);
    void check_restored();
    Known* find(const protocol::Binding& binding) noexcept;

    Link& link_;
    const Need need_;
    ReplyBindingsUser& user_;
    amqp::ChannelNumber channel_ = 0;
    bool running_ = false;  // there is a reply queue to bind
    bool restoring_ = false;
    std::string reply_queue_;
    std::vector<Known> known_;
    std::deque<Step> steps_;
    Declarations declarations_;
};

}  // namespace warren::transport
