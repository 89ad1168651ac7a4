#pragma once

#include "transport/net/stream.hpp"
#include "transport/net/tcp_socket.hpp"
#include "transport/net/tls_context.hpp"
#include "transport/net/tls_memory.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace warren::transport {

/// TLS over a socket, read and written by OpenSSL itself: nothing stands between but its records,
/// and what can be done at once is. Its user owns it and lives while an operation is under way.
class TlsStream final : public Stream {
public:
    enum class Side : std::uint8_t { client, server };
    using Shaken = std::move_only_function<void(const boost::system::error_code& error)>;

    TlsStream(TcpSocket socket, SSL_CTX* context, Side side);
    TlsStream(const TlsStream&) = delete;
    TlsStream& operator=(const TlsStream&) = delete;
    ~TlsStream() override;

    SSL* ssl() noexcept { return ssl_; }
    /// Of a client, before the handshake: whose certificate to accept.
    void expect_name(const std::string& name);
    void expect_address(const std::string& address);
    /// Of a client, before the handshake: resume this session, and keep the ones that come.
    void resume_from(std::shared_ptr<TlsMemory> memory);

    /// The first operation.
    /// in  shaken: called once, never inside this call; owns who owns this
    void shake_hands(Shaken shaken);
    /// Who the peer is by its certificate, if it showed one that was verified: the common name of
    /// its subject, or the whole subject where it has none.                         [RFC 2253]
    std::string peer_identity() const;
    bool was_resumed() const noexcept { return SSL_session_reused(ssl_) == 1; }

    void start_read(std::span<std::byte> room, std::shared_ptr<StreamUser> user) override;
    std::size_t read_now(std::span<std::byte> room) noexcept override;
    std::size_t write_now(std::span<const std::byte> bytes) noexcept override;
    void start_write(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user) override;
    void end_output() noexcept override;
    void close() noexcept override;

private:
    /// What an attempt of OpenSSL's came to.
    struct Attempt {
        enum class State : std::uint8_t { done, wait_to_read, wait_to_write, failed };

        State state = State::done;
        std::size_t count = 0;
        boost::system::error_code error{};
    };

    Attempt attempt_of(int result, std::size_t count) noexcept;
    bool is_greeted_without_tls() noexcept;
    Attempt try_handshake() noexcept;
    Attempt try_read(std::span<std::byte> room) noexcept;
    Attempt try_write(std::span<const std::byte> bytes) noexcept;
    void go_on_shaking(Shaken shaken);
    void go_on_reading(std::span<std::byte> room, std::shared_ptr<StreamUser> user);
    void wait_to_read(Attempt::State state, std::span<std::byte> room,
                      std::shared_ptr<StreamUser> user);
    void go_on_writing(std::span<const std::byte> bytes, std::shared_ptr<StreamUser> user);
    template <typename Continue>
    void wait(Attempt::State state, Continue on);

    TcpSocket socket_;
    SSL* ssl_;
    std::shared_ptr<TlsMemory> memory_;
    boost::system::error_code read_error_;
};

}  // namespace warren::transport
