#pragma once

#include "amqp/connection_core.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The broker's side of a dialogue, written by hand from the specification: nothing here uses the
/// codec that it tests.
namespace warren::amqp::test {

std::string u8(unsigned number);
std::string u16(unsigned number);
std::string u32(std::uint32_t number);
std::string u64(std::uint64_t number);
std::string short_string(std::string_view text);
std::string long_string(std::string_view text);

std::string frame(unsigned type, unsigned channel, std::string_view payload);
std::string method(unsigned channel, unsigned class_id, unsigned method_id,
                   std::string_view arguments = {});
std::string header(unsigned channel, std::uint64_t body_size, std::string_view properties = {});
std::string body(unsigned channel, std::string_view bytes);

std::string start(std::string_view mechanisms = "PLAIN AMQPLAIN EXTERNAL");
std::string tune(unsigned channel_max, std::uint32_t frame_max, unsigned heartbeat);
std::string open_ok();
std::string close(unsigned channel, unsigned code, std::string_view text, unsigned class_id = 0,
                  unsigned method_id = 0);
std::string close_ok(unsigned channel);
std::string deliver(unsigned channel, std::string_view consumer_tag, std::uint64_t delivery_tag,
                    bool redelivered, std::string_view exchange, std::string_view routing_key);
std::string basic_return(unsigned channel, unsigned code, std::string_view text,
                         std::string_view exchange, std::string_view routing_key);
std::string confirmation(unsigned channel, unsigned method_id, std::uint64_t tag, unsigned bits);

inline constexpr unsigned ack_id = 80;
inline constexpr unsigned nack_id = 120;
inline const std::string heartbeat{"\x08\0\0\0\0\0\0\xCE", 8};

std::span<const std::byte> as_octets(std::string_view text);
std::string as_string(std::span<const std::byte> octets);

/// Every field of an event as one line of text.
std::string describe(const Event& event);

/// One core with a driver that keeps what happens.
class Session {
public:
    explicit Session(ConnectionOptions options = {}) : core{std::move(options)} {}

    /// Started, tuned and open, with what that took forgotten.
    static Session connected(ConnectionOptions options = {}, std::uint32_t frame_max = 131072,
                             unsigned heartbeat_s = 60);
    /// Likewise, with channel 1 open.
    static Session with_channel(ConnectionOptions options = {}, std::uint32_t frame_max = 131072);

    /// Feed bytes and take every event, as one turn of a loop.
    void feed(std::string_view bytes);
    void end_of_input();
    void tick(std::chrono::milliseconds at);

    /// The output since the last call.
    std::string sent();
    /// The events since the last call, and the only one of them.
    std::vector<std::string> happened();
    std::string happening();

    ConnectionCore core;
    TimePoint now{};

private:
    void handle_events();

    OutputBuffer written_;
    std::vector<std::string> events_;
};

}  // namespace warren::amqp::test
