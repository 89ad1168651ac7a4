#include "protocol/hmac_sha256.hpp"

#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <string>
#include <thread>
#include <vector>

namespace warren::protocol {
namespace {

HmacSha256 by_openssl(std::string_view secret, std::string_view message) {
    HmacSha256 code;
    unsigned size = 0;
    HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()),
         reinterpret_cast<const unsigned char*>(message.data()), message.size(),
         reinterpret_cast<unsigned char*>(code.data()), &size);
    return code;
}

HmacSha256 code_of(const HmacKey& key, std::string_view message) {
    return key.code(std::as_bytes(std::span{message})).value();
}

std::string sized_text(std::size_t size) {
    std::string text;
    for (std::size_t at = 0; at != size; ++at) {
        text += static_cast<char>(at * 131 + size);
    }
    return text;
}

// The block of SHA-256 has 64 bytes.
TEST(HmacKey, codes_as_OpenSSL_does_for_secrets_and_messages_of_every_length) {
    for (std::size_t size = 1; size != 150; ++size) {
        const std::string secret = sized_text(size);
        const HmacKey key{secret};
        for (const std::size_t message_size : {std::size_t{0}, size, 3 * size, 10'000 + size}) {
            const std::string message = sized_text(message_size);
            ASSERT_EQ(code_of(key, message), by_openssl(secret, message)) << size;
        }
    }
}

TEST(HmacKey, serves_several_threads_at_once) {
    const std::string secret = sized_text(40);
    const HmacKey key{secret};
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread != 4; ++thread) {
        threads.emplace_back([&, thread] {
            const HmacKey other{sized_text(80 + thread)};
            for (std::size_t size = 0; size != 500; ++size) {
                const std::string message = sized_text(size);
                ASSERT_EQ(code_of(key, message), by_openssl(secret, message));
                ASSERT_EQ(code_of(other, message), by_openssl(sized_text(80 + thread), message));
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
}

}  // namespace
}  // namespace warren::protocol
