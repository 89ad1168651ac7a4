#include "transport/zmq/dialer.hpp"

#include "transport/zmq/handshake_failure.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <fmt/format.h>
#include <zmq.h>

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;

constexpr int silent_ends_max = 6;

std::string endpoint_of(const tcp::endpoint& address) {
    const std::string host = address.address().to_string();
    return fmt::format(fmt::runtime(address.address().is_v6() ? "tcp://[{}]:{}" : "tcp://{}:{}"),
                       host, address.port());
}

}  // namespace

class ZmqDialer::Impl final : public ZmqLink::User, public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, const ZmqLinkOptions& options, const ZmqEndpoint& endpoint,
         std::move_only_function<void(Dialled)> dialled)
        : executor_{executor},
          options_{options},
          endpoint_{endpoint},
          dialled_{std::move(dialled)},
          resolver_{executor.context()} {}

    void start() {
        timer_ = executor_.post_at(executor_.now() + options_.connect_timeout,
                                   [self = shared_from_this()] { self->time_out(); });
        if (endpoint_.kind != ZmqEndpoint::Kind::tcp) {
            addresses_.push_back(endpoint_.text);
            return executor_.post([self = shared_from_this()] { self->connect_next(); });
        }
        resolver_.async_resolve(
            endpoint_.host, endpoint_.port, tcp::resolver::numeric_service,
            [self = shared_from_this()](const error_code& error,
                                        const tcp::resolver::results_type& found) {
                self->resolved(error, found);
            });
    }

    void cancel() noexcept {
        dialled_ = nullptr;
        stop();
    }

    std::optional<runtime::TimePoint> unanswered_since() const noexcept { return answered_at_; }

private:
    bool over() const noexcept { return dialled_ == nullptr; }

    void stop() noexcept {
        executor_.cancel(timer_);
        resolver_.cancel();
        link_.reset();
    }

    void finish(Dialled dialled) {
        auto report = std::exchange(dialled_, nullptr);
        stop();
        report(std::move(dialled));
    }

    void fail(const std::string& why) {
        finish(std::unexpected{ConnectFailure{
            {.code = Code::connection_lost,
             .message = fmt::format("Cannot connect to {}: {}", endpoint_.text, why)},
            RetryClass::passing}});
    }

    void time_out() {
        if (over()) {
            return;
        }
        const std::string_view step = addresses_.empty() ? "the host's name was not resolved"
                                      : answered_at_     ? "what answers there did not shake hands "
                                                           "as ZeroMQ does (check the port)"
                                                         : "nobody answered";
        fail(fmt::format("{} within {} ms{}{}", step, options_.connect_timeout.count(),
                         problems_.empty() ? "" : "; ", problems_));
    }

    void resolved(const error_code& error, const tcp::resolver::results_type& found) {
        if (over()) {
            return;
        }
        if (error) {
            return fail(fmt::format("the host's name '{}' is not resolved: {}", endpoint_.host,
                                    error.message()));
        }
        for (const auto& entry : found) {
            addresses_.push_back(endpoint_of(entry.endpoint()));
        }
        connect_next();
    }

    void connect_next() {
        if (over()) {
            return;
        }
        link_.reset();
        answered_at_.reset();
        if (next_ == addresses_.size()) {
            return fail(problems_);
        }
        auto link = ZmqLink::open(executor_, tries_open_ ? open_options() : options_, endpoint_,
                                  addresses_[next_], *this);
        if (!link) {
            return refused(link.error().message);
        }
        link_ = std::move(*link);
        if (endpoint_.kind == ZmqEndpoint::Kind::inproc) {
            finish(std::move(link_));
        }
    }

    void refused(const std::string& why) {
        const bool is_only = endpoint_.text == addresses_[next_];
        problems_ += fmt::format("{}{}{}{}", problems_.empty() ? "" : "; ",
                                 is_only ? "" : addresses_[next_], is_only ? "" : ": ", why);
        ++next_;
        connect_next();
    }

    void on_event(const ZmqEvent& event) override {
        const auto self = shared_from_this();
        switch (event.what) {
        case ZMQ_EVENT_CONNECTED:
            answered_at_ = executor_.now();
            return;
        case ZMQ_EVENT_CLOSED:
            return refused("refused, or not reached: is a server running there?");
        case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
            return finish(std::move(link_));
        case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
        case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
            return shaken_off(event);
        case ZMQ_EVENT_DISCONNECTED:
            return fail("it closed the connection before hands were shaken");
        default:
            return;
        }
    }

    /// A server that cannot read what was encrypted for another says no word; one that asks for
    /// other credentials may close before ZeroMQ has sent which. Or it was stopped just now: a few
    /// times in a row tell.
    void shaken_off(const ZmqEvent& event) {
        if (event.what == ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL &&
            ++silent_ends_ < silent_ends_max) {
            return connect_next();
        }
        if (!tries_open_) {
            refusal_ = handshake_failure(event, endpoint_, options_.security);
        }
        if (options_.may_be_open && event.what != ZMQ_EVENT_HANDSHAKE_FAILED_AUTH &&
            !std::exchange(tries_open_, true)) {
            silent_ends_ = 0;
            return connect_next();
        }
        finish(std::unexpected{std::move(*refusal_)});
    }

    ZmqLinkOptions open_options() const {
        ZmqLinkOptions options = options_;
        options.security = {};
        return options;
    }

    AsioExecutor& executor_;
    const ZmqLinkOptions& options_;
    const ZmqEndpoint& endpoint_;
    std::move_only_function<void(Dialled)> dialled_;
    Resolver resolver_;
    std::shared_ptr<ZmqLink> link_;
    std::vector<std::string> addresses_;
    std::size_t next_ = 0;
    std::optional<runtime::TimePoint> answered_at_;  // the one that is tried now
    int silent_ends_ = 0;
    bool tries_open_ = false;  // without credentials
    std::optional<ConnectFailure> refusal_;
    std::string problems_;
    runtime::Executor::TimerId timer_ = 0;
};

ZmqDialer::ZmqDialer(AsioExecutor& executor, const ZmqLinkOptions& options,
                     const ZmqEndpoint& endpoint, std::move_only_function<void(Dialled)> dialled)
    : impl_{std::make_shared<Impl>(executor, options, endpoint, std::move(dialled))} {
    impl_->start();
}

std::optional<runtime::TimePoint> ZmqDialer::unanswered_since() const noexcept {
    return impl_->unanswered_since();
}

ZmqDialer::~ZmqDialer() {
    impl_->cancel();
}

}  // namespace warren::transport
