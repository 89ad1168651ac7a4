// Fernet: the input as a token, as a key, and as a plaintext that must come back.
#include "core/base64.hpp"
#include "format/fernet/fernet.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    using namespace warren;
    using namespace warren::format;
    static const Keyring ring =
        Keyring::parse(std::vector<std::string>{"cw_0x689RpI-jtRR7oE8h_eQsKImvJapLeSbXpwF4e4="})
            .value();
    constexpr TimeToLive ttl{.ttl_s = 60, .now_s = 1'700'000'000};
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    (void)ring.decrypt(text, ttl);
    (void)FernetKey::parse(text);
    if (const auto token = core::base64_encode(text, core::Base64Alphabet::url_safe);
        core::base64_decode(token, core::Base64Alphabet::url_safe) != text) {
        std::abort();
    } else if (ring.decrypt(token, ttl)) {
        std::abort();  // nobody guesses a signature
    }
    if (const auto octets = core::base64_decode(text);
        octets && core::base64_encode(*octets) != text) {
        std::abort();
    }
    const auto token = ring.encrypt(text, ttl.now_s);
    if (!token || ring.decrypt(*token, ttl) != text) {
        std::abort();
    }
    return 0;
}
