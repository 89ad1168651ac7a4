#include "protocol/random_bytes.hpp"

#include <openssl/rand.h>

namespace warren::protocol {

bool fill_randomly(std::span<std::byte> target) noexcept {
    return RAND_bytes(reinterpret_cast<unsigned char*>(target.data()),
                      static_cast<int>(target.size())) == 1;
}

Failure no_random_bytes() {
    return {.code = Code::internal, .message = "OpenSSL has no random bytes to give"};
}

}  // namespace warren::protocol
