#include "transport/net/dial_attempt.hpp"

#include "transport/net/tcp_stream.hpp"
#include "transport/net/tls_failure.hpp"
#include "transport/net/tls_memory.hpp"

#include <boost/asio/ip/address.hpp>

#include <string>
#include <utility>

namespace warren::transport {
namespace {

using boost::system::error_code;

bool is_address(const std::string& host) {
    error_code error;
    boost::asio::ip::make_address(host, error);
    return !error;
}

}  // namespace

DialAttempt::DialAttempt(AsioExecutor& executor, const DialTarget& target,
                         const Candidate& candidate, const BeginDialTrial& trial, Owner& owner)
    : executor_{executor},
      target_{target},
      candidate_{candidate},
      begin_trial_{trial},
      owner_{&owner},
      socket_{executor.context()} {}

void DialAttempt::start() {
    socket_.async_connect(candidate_.address, [self = shared_from_this()](const error_code& error) {
        self->connected(error);
    });
}

void DialAttempt::cancel() noexcept {
    owner_ = nullptr;
    error_code ignored;
    socket_.close(ignored);
    if (tls_) {
        tls_->close();
    }
    trial_.reset();
}

void DialAttempt::enter(Stage stage) {
    stage_ = stage;
    owner_->on_stage(*this);
}

void DialAttempt::fail(const ConnectFailure& why) {
    const auto self = shared_from_this();
    Owner* const owner = owner_;
    cancel();
    owner->on_failed(*this, why);
}

void DialAttempt::connected(const error_code& error) {
    if (owner_ == nullptr) {
        return;
    }
    if (error) {
        return fail({{.code = Code::connection_lost, .message = error.message()}});
    }
    prepare(socket_);
    if (target_.tls) {
        return shake_hands(*target_.tls);
    }
    try_out(std::make_unique<TcpStream>(executor_, std::move(socket_)));
}

void DialAttempt::shake_hands(const TlsOptions& options) {
    enter(Stage::tls);
    // Without a memory of its target's the context is for this one connection.
    const auto memory =
        target_.tls_memory != nullptr ? target_.tls_memory : std::make_shared<TlsMemory>();
    const auto context = memory->context(options);
    if (!context) {
        return fail({context.error(), RetryClass::permanent});
    }
    tls_ = std::make_unique<TlsStream>(std::move(socket_), *context, TlsStream::Side::client);
    name_peer(options);
    tls_->resume_from(memory);
    tls_->shake_hands(
        [self = shared_from_this()](const error_code& failed) { self->shaken(failed); });
}

void DialAttempt::name_peer(const TlsOptions& options) {
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

void DialAttempt::shaken(const error_code& error) {
    if (owner_ == nullptr) {
        return;
    }
    if (!error) {
        return try_out(std::move(tls_));
    }
    if (target_.tls_memory != nullptr) {
        target_.tls_memory->forget_session();
    }
    fail(explain_handshake(error, SSL_get_verify_result(tls_->ssl()), target_));
}

void DialAttempt::try_out(std::unique_ptr<Stream> stream) {
    if (!begin_trial_) {
        stream_ = std::move(stream);
        stage_ = Stage::done;
        return std::exchange(owner_, nullptr)->on_done(*this);
    }
    enter(Stage::trial);
    trial_ = begin_trial_(candidate_.target, std::move(stream),
                          [self = weak_from_this()](std::expected<void, ConnectFailure> ended) {
                              const auto attempt = self.lock();
                              if (attempt == nullptr || attempt->owner_ == nullptr) {
                                  return;
                              }
                              if (!ended) {
                                  return attempt->fail(ended.error());
                              }
                              attempt->stage_ = Stage::done;
                              std::exchange(attempt->owner_, nullptr)->on_done(*attempt);
                          });
}

}  // namespace warren::transport
