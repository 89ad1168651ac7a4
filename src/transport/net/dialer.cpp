#include "transport/net/dialer.hpp"

#include "transport/net/socket_stream.hpp"
#include "transport/net/tls_context.hpp"

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/ssl/error.hpp>
#include <boost/asio/ssl/host_name_verification.hpp>

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
        error_code ignored;
        // Output is gathered by turns of the loop already; what is written has to leave at once.
        socket_.set_option(tcp::no_delay{true}, ignored);
        if (!target_.tls) {
            return finish(std::make_unique<TcpStream>(std::move(socket_)));
        }
        shake_hands(*target_.tls);
    }

    void shake_hands(const TlsOptions& options) {
        auto context = make_tls_context(options);
        if (!context) {
            return finish(
                std::unexpected{ConnectFailure{std::move(context.error()), Refusal::permanent}});
        }
        tls_ = std::make_unique<TlsStream>(std::move(socket_), std::move(*context));
        const std::string name = options.server_name.value_or(target_.host);
        TlsSocket& socket = tls_->socket();
        if (!name.empty() && !is_address(name)) {
            SSL_set_tlsext_host_name(socket.native_handle(), name.c_str());
        }
        error_code ignored;
        if (options.verify == TlsVerify::peer) {
            socket.set_verify_mode(asio::ssl::verify_peer, ignored);
            socket.set_verify_callback(
                asio::ssl::host_name_verification{name.empty() ? target_.host : name}, ignored);
        } else {
            socket.set_verify_mode(asio::ssl::verify_none, ignored);
        }
        socket.async_handshake(
            asio::ssl::stream_base::client,
            [self = shared_from_this()](const error_code& error) { self->shaken(error); });
    }

    void shaken(const error_code& error) {
        if (over()) {
            return;
        }
        if (!error) {
            return finish(std::move(tls_));
        }
        const bool ours = error.category() == asio::error::get_ssl_category() &&
                          ERR_GET_REASON(error.value()) == SSL_R_CERTIFICATE_VERIFY_FAILED;
        if (!ours) {
            return finish(std::unexpected{explain_tls(error, target_)});
        }
        const long result = SSL_get_verify_result(tls_->socket().native_handle());
        const std::string_view reason = result == X509_V_OK ? "it is not for this host name"
                                                            : X509_verify_cert_error_string(result);
        finish(std::unexpected{ConnectFailure{
            {.code = Code::unauthenticated,
             .message = fmt::format("The certificate of {} is not to be trusted: {}; check the "
                                    "host name and '{}'",
                                    target_.display, reason, target_.ca_option)},
            Refusal::permanent}});
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

ConnectFailure explain_tls(const error_code& error, const DialTarget& target) {
    const bool tls = error.category() == asio::error::get_ssl_category();
    // What follows TLS alerts in OpenSSL's reasons: the peer does not accept our certificate.
    const int alert = tls ? ERR_GET_REASON(error.value()) - SSL_AD_REASON_OFFSET : 0;
    switch (alert) {
    case SSL_AD_HANDSHAKE_FAILURE:
    case SSL_AD_BAD_CERTIFICATE:
    case SSL_AD_UNSUPPORTED_CERTIFICATE:
    case SSL_AD_CERTIFICATE_REVOKED:
    case SSL_AD_CERTIFICATE_EXPIRED:
    case SSL_AD_CERTIFICATE_UNKNOWN:
    case SSL_AD_UNKNOWN_CA:
    case SSL_AD_ACCESS_DENIED:
    case SSL_AD_CERTIFICATE_REQUIRED:
        return {
            {.code = Code::unauthenticated,
             .message = fmt::format("The {} at {} refuses our certificate ({}): {}", target.peer,
                                    target.display, target.certificate_option, error.message())},
            Refusal::permanent};
    default:
        break;
    }
    return {{.code = Code::connection_lost,
             .message = fmt::format("The connection to {} broke{}: {}", target.display,
                                    tls ? " in TLS" : "", error.message())},
            Refusal::passing};
}

}  // namespace warren::transport
