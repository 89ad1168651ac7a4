#include "unit/amqp/broker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <type_traits>
#include <utility>

namespace warren::amqp::test {

namespace {

std::string big_endian(std::uint64_t number, int bytes) {
    std::string result;
    for (int shift = (bytes - 1) * 8; shift >= 0; shift -= 8) {
        result.push_back(static_cast<char>(number >> shift & 0xFF));
    }
    return result;
}

std::string in_quotes(std::string_view text) {
    return '"' + std::string{text} + '"';
}

std::string describe_properties(const BasicProperties& properties) {
    std::string line;
    const auto text = [&](std::string_view name, const std::optional<std::string_view>& value) {
        if (value) {
            line += ' ' + std::string{name} + '=' + in_quotes(*value);
        }
    };
    const auto number = [&](std::string_view name, const auto& value) {
        if (value) {
            line += ' ' + std::string{name} + '=' + std::to_string(*value);
        }
    };
    text("content_type", properties.content_type);
    text("content_encoding", properties.content_encoding);
    if (properties.headers) {
        line += " headers=" + in_quotes(as_string(*properties.headers));
    }
    number("delivery_mode", properties.delivery_mode);
    number("priority", properties.priority);
    text("correlation_id", properties.correlation_id);
    text("reply_to", properties.reply_to);
    text("expiration", properties.expiration);
    text("message_id", properties.message_id);
    number("timestamp", properties.timestamp);
    text("type", properties.type);
    text("user_id", properties.user_id);
    text("app_id", properties.app_id);
    text("cluster_id", properties.cluster_id);
    return line;
}

std::string named(std::string_view name, ChannelNumber channel) {
    return std::string{name} + ' ' + std::to_string(channel);
}

std::string closing(std::string_view name, const auto& e) {
    return std::string{name} + (e.by == ClosedBy::server ? " by server " : " by client ") +
           std::to_string(e.code) + ' ' + in_quotes(e.text) + ' ' + std::to_string(e.class_id) +
           '.' + std::to_string(e.method_id);
}

std::string message(const auto& e) {
    return ' ' + in_quotes(e.exchange) + ' ' + in_quotes(e.routing_key) +
           describe_properties(e.properties) + " size=" + std::to_string(e.body_size) +
           (e.oversized ? " oversized" : "") + " body=" + in_quotes(as_string(e.body));
}

struct Describer {
    std::string operator()(std::monostate) const { return "nothing"; }
    std::string operator()(const Connected& e) const {
        return "connected frame_max=" + std::to_string(e.frame_bytes_max) +
               " channel_max=" + std::to_string(e.channel_max) +
               " heartbeat=" + std::to_string(e.heartbeat.count());
    }
    std::string operator()(const ChannelOpened& e) const { return named("opened", e.channel); }
    std::string operator()(const ChannelClosed& e) const {
        return closing(named("channel", e.channel) + " closed", e);
    }
    std::string operator()(const ExchangeDeclared& e) const {
        return named("exchange_declared", e.channel);
    }
    std::string operator()(const QueueDeclared& e) const {
        return named("queue_declared", e.channel) + ' ' + in_quotes(e.queue) + ' ' +
               std::to_string(e.message_count) + ' ' + std::to_string(e.consumer_count);
    }
    std::string operator()(const QueueBound& e) const { return named("queue_bound", e.channel); }
    std::string operator()(const QueueDeleted& e) const {
        return named("queue_deleted", e.channel) + ' ' + std::to_string(e.message_count);
    }
    std::string operator()(const QosSet& e) const { return named("qos_set", e.channel); }
    std::string operator()(const ConsumeStarted& e) const {
        return named("consume_started", e.channel) + ' ' + in_quotes(e.consumer_tag);
    }
    std::string operator()(const ConsumeStopped& e) const {
        return named("consume_stopped", e.channel) + ' ' + in_quotes(e.consumer_tag);
    }
    std::string operator()(const ConfirmSelected& e) const {
        return named("confirm_selected", e.channel);
    }
    std::string operator()(const ConsumerCancelled& e) const {
        return named("consumer_cancelled", e.channel) + ' ' + in_quotes(e.consumer_tag);
    }
    std::string operator()(const Delivery& e) const {
        return named("delivery", e.channel) + ' ' + in_quotes(e.consumer_tag) +
               " tag=" + std::to_string(e.delivery_tag) + (e.redelivered ? " redelivered" : "") +
               message(e);
    }
    std::string operator()(const Returned& e) const {
        return named("returned", e.channel) + ' ' + std::to_string(e.code) + ' ' +
               in_quotes(e.text) + message(e);
    }
    std::string operator()(const Confirmed& e) const {
        return named(e.outcome == Outcome::ack ? "acked" : "nacked", e.channel) + ' ' +
               std::to_string(e.delivery_tag) + (e.multiple ? " multiple" : "");
    }
    std::string operator()(const Flow& e) const {
        return named(e.active ? "flow on" : "flow off", e.channel);
    }
    std::string operator()(const Blocked& e) const { return "blocked " + in_quotes(e.reason); }
    std::string operator()(const Unblocked&) const { return "unblocked"; }
    std::string operator()(const ConnectionClosed& e) const { return closing("closed", e); }
    std::string operator()(const Failed& e) const {
        return "failed " + std::string{name_of(e.reason)} + ' ' + std::to_string(e.code) + ' ' +
               in_quotes(e.text) + ' ' + in_quotes(e.peer_text);
    }
};

}  // namespace

std::string u8(unsigned number) {
    return big_endian(number, 1);
}
std::string u16(unsigned number) {
    return big_endian(number, 2);
}
std::string u32(std::uint32_t number) {
    return big_endian(number, 4);
}
std::string u64(std::uint64_t number) {
    return big_endian(number, 8);
}

std::string short_string(std::string_view text) {
    return u8(static_cast<unsigned>(text.size())) + std::string{text};
}

std::string long_string(std::string_view text) {
    return u32(static_cast<std::uint32_t>(text.size())) + std::string{text};
}

std::string frame(unsigned type, unsigned channel, std::string_view payload) {
    return u8(type) + u16(channel) + long_string(payload) + '\xCE';
}

std::string method(unsigned channel, unsigned class_id, unsigned method_id,
                   std::string_view arguments) {
    return frame(1, channel, u16(class_id) + u16(method_id) + std::string{arguments});
}

std::string header(unsigned channel, std::uint64_t body_size, std::string_view properties) {
    return frame(2, channel,
                 u16(60) + u16(0) + u64(body_size) +
                     (properties.empty() ? u16(0) : std::string{properties}));
}

std::string body(unsigned channel, std::string_view bytes) {
    return frame(3, channel, bytes);
}

std::string start(std::string_view mechanisms) {
    const std::string capabilities =
        short_string("basic.nack") + "t\1" + short_string("consumer_cancel_notify") + "t\1";
    const std::string properties = short_string("product") + 'S' + long_string("FakeMQ") +
                                   short_string("capabilities") + 'F' + long_string(capabilities);
    return method(
        0, 10, 10,
        u8(0) + u8(9) + long_string(properties) + long_string(mechanisms) + long_string("en_US"));
}

std::string tune(unsigned channel_max, std::uint32_t frame_max, unsigned heartbeat_s) {
    return method(0, 10, 30, u16(channel_max) + u32(frame_max) + u16(heartbeat_s));
}

std::string open_ok() {
    return method(0, 10, 41, short_string(""));
}

std::string close(unsigned channel, unsigned code, std::string_view text, unsigned class_id,
                  unsigned method_id) {
    return method(channel, channel == 0 ? 10 : 20, channel == 0 ? 50 : 40,
                  u16(code) + short_string(text) + u16(class_id) + u16(method_id));
}

std::string close_ok(unsigned channel) {
    return channel == 0 ? method(0, 10, 51) : method(channel, 20, 41);
}

std::string deliver(unsigned channel, std::string_view consumer_tag, std::uint64_t delivery_tag,
                    bool redelivered, std::string_view exchange, std::string_view routing_key) {
    return method(channel, 60, 60,
                  short_string(consumer_tag) + u64(delivery_tag) + u8(redelivered ? 1 : 0) +
                      short_string(exchange) + short_string(routing_key));
}

std::string basic_return(unsigned channel, unsigned code, std::string_view text,
                         std::string_view exchange, std::string_view routing_key) {
    return method(
        channel, 60, 50,
        u16(code) + short_string(text) + short_string(exchange) + short_string(routing_key));
}

std::string confirmation(unsigned channel, unsigned method_id, std::uint64_t tag, unsigned bits) {
    return method(channel, 60, method_id, u64(tag) + u8(bits));
}

std::span<const std::byte> as_octets(std::string_view text) {
    return std::as_bytes(std::span{text});
}

std::string as_string(std::span<const std::byte> octets) {
    return {reinterpret_cast<const char*>(octets.data()), octets.size()};
}

std::string describe(const Event& event) {
    return std::visit(Describer{}, event);
}

Session Session::connected(ConnectionOptions options, std::uint32_t frame_max,
                           unsigned heartbeat_s) {
    Session session{std::move(options)};
    session.core.start(session.now);
    session.feed(start() + tune(2047, frame_max, heartbeat_s) + open_ok());
    session.sent();
    EXPECT_TRUE(session.core.connected());
    session.happened();
    return session;
}

Session Session::with_channel(ConnectionOptions options, std::uint32_t frame_max) {
    Session session = connected(std::move(options), frame_max);
    EXPECT_EQ(session.core.open_channel(), 1);
    session.feed(method(1, 20, 11, u32(0)));
    session.sent();
    EXPECT_EQ(session.happening(), "opened 1");
    return session;
}

void Session::feed(std::string_view bytes) {
    // A room of odd size, so that frames cross its end wherever they can.
    const std::span<std::byte> room = core.prepare(std::max<std::size_t>(bytes.size(), 13));
    std::ranges::copy(as_octets(bytes), room.begin());
    core.commit(bytes.size(), now);
    handle_events();
}

void Session::end_of_input() {
    core.end_of_input();
    handle_events();
}

void Session::tick(std::chrono::milliseconds at) {
    now = TimePoint{at};
    core.tick(now);
    handle_events();
}

void Session::handle_events() {
    while (const Event* event = core.next_event()) {
        events_.push_back(describe(*event));
    }
}

std::string Session::sent() {
    core.take_output(written_);
    return as_string(written_.bytes());
}

std::vector<std::string> Session::happened() {
    return std::exchange(events_, {});
}

std::string Session::happening() {
    const std::vector<std::string> events = happened();
    return events.size() == 1 ? events.front()
                              : std::to_string(events.size()) + " events instead of one";
}

TEST(Broker, WritesTheFramesOfTheSpecification) {
    EXPECT_EQ(tune(2047, 131072, 60), (std::string{"\x01\x00\x00\x00\x00\x00\x0C\x00\x0A\x00\x1E"
                                                   "\x07\xFF\x00\x02\x00\x00\x00\x3C\xCE",
                                                   20}));
}

}  // namespace warren::amqp::test
