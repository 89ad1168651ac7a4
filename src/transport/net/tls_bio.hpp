#pragma once

#include <openssl/bio.h>

namespace warren::transport {

/// Moves TLS records to and from a socket, which does not block, without the signal that OpenSSL's
/// own would raise when the peer is gone (SIGPIPE).
/// in   descriptor: stays the caller's
BIO* make_socket_bio(int descriptor) noexcept;

}  // namespace warren::transport
