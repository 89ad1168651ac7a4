#include "transport/amqp/consumer_counts.hpp"

#include "protocol/message_view.hpp"
#include "transport/amqp/refusal.hpp"

#include <fmt/format.h>

#include <utility>

namespace warren::transport {

ConsumerCounts::ConsumerCounts(Link& link, Report report)
    : link_{link}, report_{std::move(report)} {}

ConsumerCounts::~ConsumerCounts() {
    suspend();
}

bool ConsumerCounts::ask(std::uint64_t token, std::string_view queue) {
    if (protocol::is_direct_reply(queue)) {
        return false;  // the broker may end the connection over one that it cannot read
    }
    Question question{token, std::string{queue}};
    if (!send(question)) {
        return false;
    }
    asked_.push_back(std::move(question));
    return true;
}

bool ConsumerCounts::send(const Question& question) {
    if (channel_ == 0) {
        const auto opened = link_.open_spare_channel(*this);
        if (!opened) {
            return false;
        }
        channel_ = *opened;
    }
    link_.touch();
    return link_.core()
        .queue_declare(channel_, {.queue = question.queue, .passive = true})
        .has_value();
}

void ConsumerCounts::suspend() noexcept {
    asked_.clear();
    if (channel_ != 0) {
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
    }
}

void ConsumerCounts::on_channel_event(const amqp::Event& event) {
    if (const auto* declared = std::get_if<amqp::QueueDeclared>(&event)) {
        return answered(declared->consumer_count);
    }
    const auto* closed = std::get_if<amqp::ChannelClosed>(&event);
    if (closed == nullptr) {
        return;
    }
    channel_ = 0;
    std::deque<Question> rest = std::exchange(asked_, {});
    for (std::size_t index = 0; index < rest.size(); ++index) {
        // The oldest one is to blame.
        if (index == 0 || !ask(rest[index].token, rest[index].queue)) {
            report_(rest[index].token,
                    std::unexpected{explain(*closed, link_.endpoint(),
                                            fmt::format("The queue '{}'", rest[0].queue))});
        }
    }
}

void ConsumerCounts::answered(std::uint32_t consumers) {
    if (!asked_.empty()) {
        const std::uint64_t token = asked_.front().token;
        asked_.pop_front();
        report_(token, consumers);
    }
}

}  // namespace warren::transport
