#include "transport/net/dialer.hpp"

#include "transport/net/tcp_stream.hpp"
#include "transport/net/tls_failure.hpp"
#include "transport/net/tls_memory.hpp"
#include "transport/net/tls_stream.hpp"

#include <fmt/format.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>

#include <string>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;
using Resolver = asio::ip::basic_resolver<tcp, asio::io_context::executor_type>;

bool is_address(const std::string& host) {
    error_code error;
    asio::ip::make_address(host, error);
    return !error;
}

}  // namespace

class Dialer::Impl : public std::enable_shared_from_this<Impl> {
public:
    Impl(AsioExecutor& executor, const DialTarget& target,
         std::move_only_function<void(Dialled)> dialled)
        : executor_{executor},
          target_{target},
          dialled_{std::move(dialled)},
          resolver_{executor.context()},
          socket_{executor.context()} {}

    void start() {
        timer_ = executor_.post_at(executor_.now() + target_.connect_timeout,
                                   [self = shared_from_this()] { self->time_out(); });
        resolver_.async_resolve(target_.host, std::to_string(target_.port),
                                tcp::resolver::numeric_service,
                                [self = shared_from_this()](const error_code& error,
                                                            tcp::resolver::results_type found) {
                                    self->resolved(error, found);
                                });
    }

    void give_up() noexcept {
        dialled_ = nullptr;
        stop();
    }

private:
    bool over() const noexcept { return dialled_ == nullptr; }

    void stop() noexcept {
        executor_.cancel(timer_);
        resolver_.cancel();
        error_code ignored;
        socket_.close(ignored);
        if (tls_) {
            tls_->close();
        }
    }

    void finish(Dialled dialled) {
        executor_.cancel(timer_);
        auto report = std::exchange(dialled_, nullptr);
        if (!dialled) {
            stop();
        }
        report(std::move(dialled));
    }

    void fail(std::string why) {
        finish(std::unexpected{ConnectFailure{
            {.code = Code::connection_lost,
             .message = fmt::format("Cannot connect to {}: {}", target_.display, why)},
            Refusal::passing}});
    }

    void time_out() {
        if (over()) {
            return;
        }
        const std::string_view step = addresses_.empty() ? "the host's name was not resolved"
                                      : tls_             ? "TLS was not established"
                                                         : "no address answered";
        fail(fmt::format("{} within {} ms{}{}", step, target_.connect_timeout.count(),
                         problems_.empty() ? "" : "; ", problems_));
    }

    void resolved(const error_code& error, const tcp::resolver::results_type& found) {
        if (over()) {
            return;
        }
        if (error) {
            return fail(fmt::format("the host's name '{}' is not resolved: {}", target_.host,
                                    error.message()));
        }
        for (const auto& entry : found) {
            addresses_.push_back(entry.endpoint());
        }
        connect_next();
    }

    void connect_next() {
        if (next_ == addresses_.size()) {
            return fail(problems_);
        }
        error_code ignored;
        socket_.close(ignored);
        socket_.async_connect(
            addresses_[next_],
            [self = shared_from_this()](const error_code& error) { self->connected(error); });
    }

    void connected(const error_code& error) {
        if (over()) {
            return;
        }
        if (error) {
            problems_ += fmt::format("{}{}: {}", problems_.empty() ? "" : "; ",
                                     addresses_[next_].address().to_string(), error.message());
            ++next_;
            return connect_next();
        }
        prepare(socket_);
        if (!target_.tls) {
            return finish(std::make_unique<TcpStream>(executor_, std::move(socket_)));
        }
        shake_hands(*target_.tls);
    }

    void shake_hands(const TlsOptions& options) {
        // Without a memory of its target's the context is for this one connection.
        const auto memory =
            target_.tls_memory != nullptr ? target_.tls_memory : std::make_shared<TlsMemory>();
        const auto context = memory->context(options);
        if (!context) {
            return finish(std::unexpected{ConnectFailure{context.error(), Refusal::permanent}});
        }
        tls_ = std::make_unique<TlsStream>(std::move(socket_), *context, TlsStream::Side::client);
        name_peer(options);
        tls_->resume_from(memory);
        tls_->shake_hands(
            [self = shared_from_this()](const error_code& error) { self->shaken(error); });
    }

    void name_peer(const TlsOptions& options) {
        const std::string sent = options.server_name.value_or(target_.host);
        const std::string& checked = sent.empty() ? target_.host : sent;
        if (!sent.empty() && !is_address(sent)) {
            SSL_set_tlsext_host_name(tls_->ssl(), sent.c_str());
        }
        if (options.verify == TlsVerify::none) {
            return;
        }
        if (is_address(checked)) {
            tls_->expect_address(checked);
        } else {
            tls_->expect_name(checked);
        }
    }

    void shaken(const error_code& error) {
        if (over()) {
            return;
        }
        if (!error) {
            return finish(std::move(tls_));
        }
        if (target_.tls_memory != nullptr) {
            target_.tls_memory->forget_session();
        }
        finish(
            std::unexpected{explain_handshake(error, SSL_get_verify_result(tls_->ssl()), target_)});
    }

    AsioExecutor& executor_;
    const DialTarget& target_;
    std::move_only_function<void(Dialled)> dialled_;
    Resolver resolver_;
    TcpSocket socket_;
    std::unique_ptr<TlsStream> tls_;
    std::vector<tcp::endpoint> addresses_;
    std::size_t next_ = 0;
    std::string problems_;
    runtime::Executor::TimerId timer_ = 0;
};

Dialer::Dialer(AsioExecutor& executor, const DialTarget& target,
               std::move_only_function<void(Dialled)> dialled)
    : impl_{std::make_shared<Impl>(executor, target, std::move(dialled))} {
    impl_->start();
}

Dialer::~Dialer() {
    impl_->give_up();
}

}  // namespace warren::transport
