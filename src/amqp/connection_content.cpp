#include "amqp/connection_core.hpp"
#include "amqp/connection_detail.hpp"

#include <algorithm>

// A message comes as a method frame, a header frame, and as many body frames as its announced size
// needs; none if that is 0. Frames of other channels may come between them.    [AMQP 0-9-1 4.2.6]
//
//     basic.deliver | basic.return      content header                    body*
//     +-------+--------+-----------+    +-------+--------+------+-------+ +-------+
//     | class | method | arguments |    | class | weight | size | props | | bytes |
//     +-------+--------+-----------+    +-------+--------+------+-------+ +-------+

namespace warren::amqp {

namespace {

// The most that the announced size alone may make us take; the rest grows with what really comes.
constexpr std::size_t body_reserve_bytes_max = std::size_t{1} << 20;

}  // namespace

void ConnectionCore::keep_heads() {
    std::erase_if(begun_contents_, [this](ChannelNumber number) {
        PendingContent& content = channels_[number - 1U].content;
        if (content.stage == PendingContent::Stage::none) {
            content.listed = false;
            return true;
        }
        content.keep_head();
        return false;
    });
}

bool ConnectionCore::begin_content(ChannelNumber number, ChannelState& channel,
                                   std::span<const std::byte> method) {
    PendingContent& content = channel.content;
    content.stage = PendingContent::Stage::header;
    content.method = method;
    content.header = {};
    content.head.clear();
    if (!content.listed) {
        content.listed = true;
        begun_contents_.push_back(number);
    }
    return false;
}

bool ConnectionCore::handle_content_header(ChannelNumber number, ChannelState& channel,
                                           std::span<const std::byte> payload) {
    PendingContent& content = channel.content;
    if (content.stage != PendingContent::Stage::header) {
        return violation(reply_code::unexpected_frame, "content header without a method");
    }
    Reader reader{payload};
    const std::uint16_t class_id = reader.u16();
    reader.u16();  // weight: always 0
    content.body_size = reader.u64();
    if (reader.failed()) {
        return violation(reply_code::syntax_error, "truncated content header");
    }
    if (class_id != basic_class_id) {
        return violation(reply_code::frame_error, "content header of another class");
    }
    content.stage = PendingContent::Stage::body;
    content.header = payload;
    content.body_received = 0;
    content.oversized = content.body_size > options_.body_bytes_max;
    return content.body_size == 0 && finish_content(number, channel, {});
}

bool ConnectionCore::handle_content_body(ChannelNumber number, ChannelState& channel,
                                         std::span<const std::byte> payload) {
    PendingContent& content = channel.content;
    if (content.stage != PendingContent::Stage::body) {
        return violation(reply_code::unexpected_frame, "body without a content header");
    }
    if (payload.size() > content.body_size - content.body_received) {
        return violation(reply_code::frame_error, "body larger than announced");
    }
    content.body_received += payload.size();
    const bool complete = content.body_received == content.body_size;
    if (content.oversized) {
        return complete && finish_content(number, channel, {});
    }
    if (complete && payload.size() == content.body_size) {
        return finish_content(number, channel, payload);
    }
    if (content.body.capacity() == 0) {
        content.body = bodies_.take();
        content.body.reserve(std::min<std::size_t>(content.body_size, body_reserve_bytes_max));
    }
    content.body.insert(content.body.end(), payload.begin(), payload.end());
    if (!complete) {
        return false;
    }
    const BodyPool::Body& body = bodies_.lend(std::move(content.body));
    content.body = {};
    return finish_content(number, channel, body);
}

bool ConnectionCore::finish_content(ChannelNumber number, ChannelState& channel,
                                    std::span<const std::byte> body) {
    PendingContent& content = channel.content;
    content.stage = PendingContent::Stage::none;
    Reader method_reader{content.method};
    Reader header_reader{content.header.subspan(2 + 2 + 8)};
    const auto fill = [&](auto& event) {
        event.channel = number;
        event.oversized = content.oversized;
        event.body_size = content.body_size;
        event.body = body;
        read_properties(header_reader, event.properties);
    };
    if (method_reader.u32() == BasicDeliver::id) {
        const BasicDeliver deliver = read_basic_deliver(method_reader);
        Delivery& delivery = event_.emplace<Delivery>();
        fill(delivery);
        delivery.redelivered = deliver.redelivered;
        delivery.delivery_tag = deliver.delivery_tag;
        delivery.consumer_tag = deliver.consumer_tag;
        delivery.exchange = deliver.exchange;
        delivery.routing_key = deliver.routing_key;
    } else {
        const BasicReturn method = read_basic_return(method_reader);
        Returned& returned = event_.emplace<Returned>();
        fill(returned);
        returned.code = method.reply_code;
        returned.text = method.reply_text;
        returned.exchange = method.exchange;
        returned.routing_key = method.routing_key;
    }
    if (method_reader.failed() || header_reader.failed()) {
        return violation(reply_code::syntax_error, "malformed message head");
    }
    return true;
}

void ConnectionCore::forget_content(ChannelState& channel) {
    channel.content.stage = PendingContent::Stage::none;
    if (channel.content.body.capacity() != 0) {
        bodies_.release(std::move(channel.content.body));
        channel.content.body = {};
    }
}

}  // namespace warren::amqp
