#include "transport/amqp/reply_bindings.hpp"

#include "transport/amqp/refusal.hpp"

#include <algorithm>
#include <utility>

namespace warren::transport {
namespace {

bool is_same(const protocol::Binding& left, const protocol::Binding& right) noexcept {
    return left.queue == right.queue && left.exchange == right.exchange &&
           left.routing_key == right.routing_key &&
           left.routing_key_is_queue == right.routing_key_is_queue;
}

}  // namespace

ReplyBindings::ReplyBindings(Link& link, Need need, ReplyBindingsUser& user)
    : link_{link}, need_{need}, user_{user} {}

ReplyBindings::~ReplyBindings() {
    suspend();
}

void ReplyBindings::bind(std::uint64_t token, std::vector<protocol::Binding> bindings) {
    for (std::size_t index = 0; index < bindings.size(); ++index) {
        steps_.push_back({.binding = std::move(bindings[index]),
                          .token = token,
                          .last = index + 1 == bindings.size()});
    }
    send();
}

void ReplyBindings::restore(std::string_view reply_queue) {
    reply_queue_ = reply_queue;
    running_ = true;
    restoring_ = true;
    link_.keep_channels(channel_ == 0 ? 1 : 0);
    std::erase_if(steps_, [](const Step& step) { return !step.token; });
    for (auto known = known_.rbegin(); known != known_.rend(); ++known) {
        steps_.push_front({.binding = known->binding});
    }
    send();
    check_restored();
}

void ReplyBindings::suspend() {
    running_ = false;
    restoring_ = false;
    declarations_.clear();
    for (Step& step : steps_) {
        step.sent = false;
    }
    if (channel_ != 0) {
        link_.close_channel(std::exchange(channel_, amqp::ChannelNumber{0}));
    }
}

bool ReplyBindings::is_broken(std::string_view exchange) {
    bool broken = false;
    for (const Known& known : known_) {
        if (!known.broken || known.binding.exchange != exchange) {
            continue;
        }
        broken = true;
        if (!is_under_way(known.binding)) {
            steps_.push_back({.binding = known.binding});
        }
    }
    if (broken) {
        send();
    }
    return broken;
}

void ReplyBindings::refresh() {
    for (const Known& known : known_) {
        if (!is_under_way(known.binding)) {
            steps_.push_back({.binding = known.binding});
        }
    }
    send();
}

bool ReplyBindings::is_under_way(const protocol::Binding& binding) const noexcept {
    return std::ranges::any_of(steps_,
                               [&](const Step& step) { return is_same(step.binding, binding); });
}

void ReplyBindings::exchange_is_gone(std::string_view exchange) {
    for (Known& known : known_) {
        known.broken = known.broken || known.binding.exchange == exchange;
    }
}

void ReplyBindings::send() {
    // A step that cannot be said in AMQP is over at once; the others go out without waiting.
    for (std::size_t index = 0; running_ && index < steps_.size();) {
        if (steps_[index].sent || send(steps_[index])) {
            steps_[index].sent = true;
            ++index;
        } else {
            return;
        }
    }
}

bool ReplyBindings::send(const Step& step) {
    if (channel_ == 0) {
        const auto opened = link_.open_channel(*this);
        if (!opened && opened.error() == amqp::CommandError::no_free_channel) {
            refuse(step, explain(opened.error(), "A channel for the bindings of replies"));
            return false;
        }
        if (!opened) {
            // The connection is going down: `restore` comes.
            return false;
        }
        channel_ = *opened;
        link_.keep_channels(0);
    }
    const auto sent = need_ == Need::binding
                          ? declarations_.bind(link_.core(), channel_, step.binding, reply_queue_)
                          : declarations_.declare(
                                link_.core(), channel_,
                                protocol::Exchange{.name = step.binding.exchange, .passive = true});
    link_.touch();
    if (!sent && sent.error().code == Code::invalid_request) {
        refuse(step, sent.error());
        return false;
    }
    return sent.has_value();
}

/// A step that cannot be sent is over; the others go on.
void ReplyBindings::refuse(const Step& step, const Failure& why) {
    const std::optional<std::uint64_t> token = step.token;
    const protocol::Binding binding = step.binding;
    steps_.erase(std::ranges::find_if(steps_, [&](const Step& each) { return &each == &step; }));
    if (token) {
        std::erase_if(steps_, [&](const Step& each) { return !each.sent && each.token == token; });
        user_.on_bound(*token, &why);
    } else if (Known* const known = find(binding); known != nullptr) {
        known->broken = true;
    }
    send();
}

void ReplyBindings::on_channel_event(const amqp::Event& event) {
    if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        const Failure why = explain(*closed, link_.endpoint(), declarations_.oldest());
        channel_ = 0;
        link_.keep_channels(1);
        declarations_.clear();
        for (Step& step : steps_) {
            step.sent = false;
        }
        if (!steps_.empty()) {
            refused(why);
        }
        send();
        check_restored();
    } else if (declarations_.answered(event)) {
        done();
        check_restored();
    }
}

void ReplyBindings::done() {
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    if (Known* const known = find(step.binding); known != nullptr) {
        known->broken = false;
    } else {
        known_.push_back({.binding = step.binding});
    }
    if (step.token && step.last) {
        user_.on_bound(*step.token, nullptr);
    }
}

void ReplyBindings::refused(const Failure& why) {
    const Step step = std::move(steps_.front());
    steps_.pop_front();
    if (!step.token) {
        if (Known* const known = find(step.binding); known != nullptr) {
            known->broken = true;
        }
        return;
    }
    std::erase_if(known_, [&](const Known& known) { return is_same(known.binding, step.binding); });
    std::erase_if(steps_, [&](const Step& each) { return each.token == step.token; });
    user_.on_bound(*step.token, &why);
}

void ReplyBindings::check_restored() {
    if (restoring_ && steps_.empty()) {
        restoring_ = false;
        user_.on_bindings_restored();
    }
}

ReplyBindings::Known* ReplyBindings::find(const protocol::Binding& binding) noexcept {
    const auto found = std::ranges::find_if(
        known_, [&](const Known& known) { return is_same(known.binding, binding); });
    return found == known_.end() ? nullptr : &*found;
}

}  // namespace warren::transport
