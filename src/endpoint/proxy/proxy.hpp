#pragma once

#include <warren/server.hpp>

#include "endpoint/proxy/buffered_forwarder.hpp"
#include "endpoint/proxy/client_forwarder.hpp"
#include "endpoint/server/listener_config.hpp"
#include "metrics/text.hpp"

#include <chrono>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

namespace warren::endpoint {

/// What takes the calls of one listener on.          thread any, where nothing else is said
class Proxy {
public:
    /// in   plan: of a proxy; clock: outlives this
    /// err  throws Error (invalid_request) for options that cannot be, and for a buffer's file that
    ///      cannot be had
    Proxy(const ListenerConfig& config, const runtime::Clock& clock, std::shared_ptr<Log> log);

    runtime::Forwarder& forwarder() noexcept;
    /// As that of `ClientForwarder`.
    /// in   wanted: of a proxy of the same places
    /// out  null: it goes on as it is
    std::unique_ptr<ClientForwarder::Change> prepare(const ListenerConfig& wanted);
    /// What was prepared is going to be applied.
    void take(const ListenerConfig& wanted) { options_in_force_ = wanted.proxy; }
    /// Where calls are forwarded to, for people, with ports that were chosen here.
    std::string target() const { return client_.display(); }
    /// Fail the calls that wait for a connection, where there is no buffer.
    void end_unsent();
    /// As that of `BufferedForwarder`, where there is a buffer.
    void stop(std::chrono::milliseconds patience);
    void add_to(metrics::ServerFigures& figures) const;

private:
    const std::string name_;
    std::shared_ptr<const ProxyConfig> options_in_force_;
    ClientForwarder client_;
    std::unique_ptr<BufferedForwarder> buffered_;  // null: calls go on at once
};

/// The proxies of a server.
class Proxies {
public:
    /// in   plans: of all its listeners; clock: outlives this
    /// err  as `Proxy`
    Proxies(std::span<const ListenerConfig> configs, ServerReplies replies,
            const runtime::Clock& clock, const std::shared_ptr<Log>& log);

    /// out  nullptr of a listener that is no proxy
    runtime::Forwarder* forwarder_of(std::size_t listener) noexcept;
    /// out  an address for people; empty of a listener that is no proxy
    std::string target_of(std::size_t listener) const;
    /// out  " forwards to ADDRESS"; empty of a listener that is no proxy
    std::string display_of(std::size_t listener) const;
    using Changes = std::vector<std::unique_ptr<ClientForwarder::Change>>;
    /// As `Proxy::prepare` of each.
    /// out  in the order of the listeners; null: nothing is to be done
    Changes prepare(std::span<const ListenerConfig> wanted);
    /// Fail the calls that wait for a connection; what is in buffers stays there.
    void end_unsent();
    /// Begin no further call of those in buffers, and wait for those that are out until a time.
    void stop(std::chrono::steady_clock::time_point until);
    void add_to(metrics::ServerFigures& figures) const;

private:
    std::vector<std::unique_ptr<Proxy>> proxies_;  // as the plans; null: none
};

}  // namespace warren::endpoint
