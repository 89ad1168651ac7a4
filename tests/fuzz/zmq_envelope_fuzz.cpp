// What a ZeroMQ peer sends: messages of frames of any number and size are told apart into the
// envelope and the message, or refused as a whole; an envelope goes back as it came. The frames
// pass through two sockets of this process, as none can be made without.
#include "transport/zmq/envelope_reader.hpp"

#include <cstdint>
#include <cstdlib>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace {

using namespace warren::transport;
using Frames = std::vector<std::string>;
using Result = ZmqEnvelopeReader::Result;

constexpr std::size_t message_bytes_max = 300;

void check(bool holds) {
    if (!holds) {
        std::abort();
    }
}

struct Pair {
    Pair() {
        const std::string endpoint = here.context().unique_endpoint();
        check(here.bind(endpoint) == 0 && there.connect(endpoint) == 0);
    }

    ZmqSocket here = ZmqSocket::open(ZMQ_PAIR).value();
    ZmqSocket there = ZmqSocket::open(ZMQ_PAIR).value();
};

/// One byte is one frame: its size, and whether it is its message's last. A ROUTER puts the peer's
/// id before, which is not empty, and there is at least one frame behind it.
std::vector<Frames> messages_of(std::span<const std::uint8_t> input) {
    std::vector<Frames> messages;
    Frames frames{"id"};
    for (const std::uint8_t byte : input) {
        const std::size_t root = byte >> 1;
        frames.emplace_back(root * root / 16, static_cast<char>('a' + frames.size() % 26));
        if ((byte & 1) != 0) {
            messages.push_back(std::move(frames));
            frames = {"id"};
        }
    }
    return messages;
}

struct Split {
    std::size_t envelope_frames = 0;
    std::string body{};
    bool is_correlated = false;
};

/// out  nullopt: malformed
std::optional<Split> split(const Frames& frames) {
    // To the first empty frame behind the id; where there is none, all but the last frame.
    std::size_t count = 2;
    while (count < frames.size() && !frames[count - 1].empty()) {
        ++count;
    }
    const bool has_delimiter = count < frames.size();
    count -= has_delimiter ? 0 : 1;
    std::size_t envelope_bytes = 0;
    for (const std::string& frame : std::span{frames}.first(count)) {
        envelope_bytes += 2 + frame.size();
    }
    Split made{.envelope_frames = count, .is_correlated = count > (has_delimiter ? 2 : 1)};
    for (const std::string& frame : std::span{frames}.subspan(count)) {
        made.body += frame;
    }
    const bool is_joined = frames.size() > count + 1;
    const bool is_malformed =
        count > 16 || envelope_bytes > 1'024 || (is_joined && made.body.size() > message_bytes_max);
    return is_malformed ? std::nullopt : std::optional{made};
}

void send(ZmqSocket& socket, const Frames& frames) {
    for (const std::string& frame : frames) {
        check(socket.send(std::span{frame}, &frame != &frames.back()) == ZmqSocket::Sent::yes);
    }
}

Frames receive(ZmqSocket& socket) {
    Frames frames;
    zmq::message_t frame;
    do {
        check(socket.receive(frame));
        frames.push_back(frame.to_string());
    } while (frame.more());
    return frames;
}

void expect_back(Pair& pair, const ZmqEnvelopeReader& reader, const Frames& frames,
                 const Split& expected) {
    const auto body = reader.body();
    const std::string_view text{reinterpret_cast<const char*>(body.data()), body.size()};
    check(text == expected.body && reader.routing_id() == frames.front());
    check(reader.is_correlated() == expected.is_correlated);
    check(send_message(pair.here, reader.envelope()) == ZmqSocket::Sent::yes);
    check(pair.here.send(text, false) == ZmqSocket::Sent::yes);
    Frames answer{frames.begin(),
                  frames.begin() + static_cast<std::ptrdiff_t>(expected.envelope_frames)};
    answer.push_back(expected.body);
    check(receive(pair.there) == answer);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    static Pair pair;
    ZmqEnvelopeReader reader{message_bytes_max};
    for (const Frames& frames : messages_of({data, size})) {
        send(pair.there, frames);
        const auto expected = split(frames);
        check(reader.next(pair.here) == (expected ? Result::message : Result::malformed));
        if (expected) {
            expect_back(pair, reader, frames, *expected);
        }
        check(reader.next(pair.here) == Result::nothing);
    }
    return 0;
}
