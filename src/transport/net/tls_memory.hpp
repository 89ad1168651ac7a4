#pragma once

#include "transport/net/tls_context.hpp"

#include <array>
#include <filesystem>
#include <utility>

namespace warren::transport {

/// What a client keeps of one server from connection to connection: the context, for it may hold
/// hundreds of authorities, and the session to resume, which is the newest that the server sent.
/// thread the I/O thread
class TlsMemory {
public:
    TlsMemory() = default;
    TlsMemory(const TlsMemory&) = delete;
    TlsMemory& operator=(const TlsMemory&) = delete;
    ~TlsMemory() { SSL_SESSION_free(session_); }

    /// The context, made anew when one of its files has changed; then no session is resumed.
    /// in   options: the same each time
    /// err  as `make_tls_context`
    std::expected<SSL_CTX*, Failure> context(const TlsOptions& options);

    /// in  a session that becomes its own
    void put(SSL_SESSION* session) noexcept { SSL_SESSION_free(std::exchange(session_, session)); }
    void forget_session() noexcept { put(nullptr); }
    SSL_SESSION* session() const noexcept { return session_; }

private:
    using Stamps = std::array<std::filesystem::file_time_type, 4>;

    TlsContext context_;
    Stamps stamps_{};  // when the context's files were written
    SSL_SESSION* session_ = nullptr;
};

}  // namespace warren::transport
