#include "transport/zmq/curve_keys.hpp"

#include <zmq.h>

#include <array>
#include <cstdint>

namespace warren::transport {
namespace {

constexpr std::size_t key_characters = 40;
using KeyText = std::array<char, key_characters + 1>;  // and its end

std::string text_of(const KeyText& key) {
    return {key.data(), key_characters};
}

}  // namespace

std::expected<CurveKeyPair, Failure> make_curve_keys() {
    KeyText public_key{};
    KeyText secret_key{};
    if (zmq_curve_keypair(public_key.data(), secret_key.data()) != 0) {
        return std::unexpected{
            Failure{.code = Code::internal, .message = "This ZeroMQ was built without CURVE"}};
    }
    return CurveKeyPair{text_of(public_key), text_of(secret_key)};
}

bool is_curve_key(std::string_view text) {
    std::array<std::uint8_t, curve_key_bytes> key{};
    return text.size() == key_characters && !text.contains('\0') &&
           zmq_z85_decode(key.data(), std::string{text}.c_str()) != nullptr;
}

}  // namespace warren::transport
