#include "transport/zmq/envelope_reader.hpp"

#include <array>
#include <cstring>

namespace warren::transport {
namespace {

// Each frame of an envelope has its length before it.
using Length = std::uint16_t;

// A routing id has 255 bytes at most, and each proxy on the way adds one.
constexpr std::size_t frames_max = 16;
constexpr std::size_t envelope_bytes_max = 1'024;
// What one message has needed more than this for is given back before the next.
constexpr std::size_t kept_bytes_max = std::size_t{64} << 10;

}  // namespace

std::string_view routing_id_in(std::string_view envelope) noexcept {
    Length length = 0;
    std::memcpy(&length, envelope.data(), sizeof length);
    return envelope.substr(sizeof length, length);
}

std::span<const std::byte> ZmqEnvelopeReader::body() const noexcept {
    if (is_joined_) {
        return std::as_bytes(std::span{joined_});
    }
    return {static_cast<const std::byte*>(frame_.data()), frame_.size()};
}

std::string_view ZmqEnvelopeReader::property(const char* name) {
    const char* const value = zmq_msg_gets(frame_.handle(), name);
    return value == nullptr ? std::string_view{} : value;
}

ZmqEnvelopeReader::Result ZmqEnvelopeReader::next(ZmqSocket& socket) {
    envelope_.clear();
    is_correlated_ = false;
    is_joined_ = false;
    if (!socket.receive(frame_)) {
        return Result::nothing;
    }
    // Once a message's first frame is there, so is the rest.
    for (std::size_t frames = 1; frame_.more(); ++frames) {
        if (frames > frames_max || !add_to_message(frame_.to_string_view())) {
            return skip(socket);
        }
        const bool is_delimiter = frames > 1 && frame_.size() == 0;
        is_correlated_ = frames > 1 && !is_delimiter;
        socket.receive(frame_);
        if (is_delimiter) {
            is_correlated_ = frames > 2;
            return !frame_.more() || join(socket) ? Result::message : skip(socket);
        }
    }
    return Result::message;
}

bool ZmqEnvelopeReader::add_to_message(std::string_view frame) {
    if (envelope_.size() + sizeof(Length) + frame.size() > envelope_bytes_max) {
        return false;
    }
    const auto length = static_cast<Length>(frame.size());
    std::array<char, sizeof length> bytes{};
    std::memcpy(bytes.data(), &length, sizeof length);
    envelope_.append(bytes.data(), bytes.size()).append(frame);
    return true;
}

ZmqEnvelopeReader::Result ZmqEnvelopeReader::skip(ZmqSocket& socket) {
    while (frame_.more() && socket.receive(frame_)) {
    }
    return Result::malformed;
}

/// out  false: they are too long together
bool ZmqEnvelopeReader::join(ZmqSocket& socket) {
    is_joined_ = true;
    if (joined_.capacity() > kept_bytes_max) {
        joined_ = {};
    }
    joined_ = frame_.to_string_view();
    while (frame_.more() && socket.receive(frame_)) {
        if (joined_.size() + frame_.size() > message_bytes_max_) {
            joined_.clear();
            return false;
        }
        joined_ += frame_.to_string_view();
    }
    return true;
}

ZmqSocket::Sent send_message(ZmqSocket& socket, std::string_view envelope) {
    while (!envelope.empty()) {
        Length length = 0;
        std::memcpy(&length, envelope.data(), sizeof length);
        const std::string_view frame = envelope.substr(sizeof length, length);
        if (const auto sent = socket.send(frame, true); sent != ZmqSocket::Sent::yes) {
            return sent;
        }
        envelope.remove_prefix(sizeof length + length);
    }
    return ZmqSocket::Sent::yes;
}

}  // namespace warren::transport
