#pragma once

#include "transport/loop/asio_executor.hpp"
#include "transport/zmq/endpoint.hpp"
#include "transport/zmq/monitor.hpp"
#include "transport/zmq/options.hpp"
#include "transport/zmq/socket.hpp"

#include <cstdint>
#include <expected>
#include <memory>
#include <string>

namespace warren::transport {

/// What sockets that connect have in common, but for where to.
struct ZmqLinkOptions {
    int socket_type = 0;  // such as ZMQ_DEALER
    ZmqClientSecurity security{};
    ZmqLimits limits{};
    std::chrono::milliseconds connect_timeout{10'000};
    /// A side that asks for no password is connected to without one.
    bool may_be_open = false;
};

/// A socket that connects to one endpoint, once, and says what becomes of it.
/// thread the I/O thread
class ZmqLink final : private ZmqMonitor::User, public std::enable_shared_from_this<ZmqLink> {
public:
    class User {
    public:
        /// Of inproc ZMQ_EVENT_DISCONNECTED comes, and no other. May let go of the link.
        virtual void on_event(const ZmqEvent& event) = 0;

    protected:
        ~User() = default;
    };

    /// Begin to connect; over inproc it is done at once.
    /// in   executor: outlives the link
    ///      where: the endpoint with a number for its host's name
    ///      user: outlives the link, or calls `set_user` before it goes
    /// err  as `connect` of ZeroMQ; connection_lost: nobody has bound the name
    static std::expected<std::shared_ptr<ZmqLink>, Failure> open(AsioExecutor& executor,
                                                                 const ZmqLinkOptions& options,
                                                                 const ZmqEndpoint& endpoint,
                                                                 const std::string& where,
                                                                 User& user);
    ZmqLink(const ZmqLink&) = delete;
    ZmqLink& operator=(const ZmqLink&) = delete;
    ~ZmqLink() = default;

    ZmqSocket& socket() noexcept { return socket_; }
    /// in  null: nobody wants to hear more
    void set_user(User* user) noexcept { user_ = user; }

private:
    ZmqLink(AsioExecutor& executor, ZmqSocket socket, User& user);
    std::expected<void, Failure> connect(const std::string& where);
    std::expected<void, Failure> connect_inproc(const ZmqEndpoint& endpoint);
    void on_event(const ZmqEvent& event) override;

    AsioExecutor& executor_;
    ZmqSocket socket_;
    User* user_;
    std::unique_ptr<ZmqMonitor> monitor_;  // null: of inproc
    std::shared_ptr<void> interest_;       // in a name of inproc
};

/// Whether a set of options can be had: keys that are keys.
/// err  invalid_request
std::expected<void, Failure> check(const ZmqLinkOptions& options);

}  // namespace warren::transport
