#include "transport/amqp/reply_trials.hpp"

#include "amqp/reply_code.hpp"
#include "core/base64.hpp"
#include "transport/amqp/declarations.hpp"
#include "transport/amqp/message.hpp"
#include "transport/amqp/refusal.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <utility>
#include <vector>

namespace warren::transport {
namespace {

/// Direct addresses of one node of a broker begin alike for longer than this.
constexpr std::size_t node_bytes = 46;

bool is_alike(std::string_view address, std::string_view proven) {
    return proven.size() > node_bytes &&
           address.substr(0, node_bytes) == proven.substr(0, node_bytes);
}

}  // namespace

bool is_readable(std::string_view direct_address) {
    constexpr std::string_view prefix = "amq.rabbitmq.reply-to.";
    if (!direct_address.starts_with(prefix)) {
        return true;  // a queue's name, if anything
    }
    const std::string_view tail = direct_address.substr(prefix.size());
    const std::size_t dot = tail.find('.');
    if (dot == std::string_view::npos || tail.find('.', dot + 1) != std::string_view::npos) {
        return true;  // not taken apart
    }
    // A process identifier in Erlang's external term format: version, tag, the node's name, and its
    // numbers.                                                       [Erlang external term format]
    constexpr std::size_t bytes_max = core::base64_decoded_size_max(255);
    std::array<std::byte, bytes_max> term{};
    const std::string_view text = tail.substr(0, std::min<std::size_t>(dot, 255));
    const std::size_t size = core::base64_decode_to(text, term).value_or(0);
    const auto octet = [&term](std::size_t at) { return std::to_integer<std::size_t>(term[at]); };
    const std::size_t numbers = octet(1) == 88 ? 12 : octet(1) == 103 ? 9 : 0;
    const bool is_short = octet(2) == 119 || octet(2) == 115;
    const bool is_long = octet(2) == 118 || octet(2) == 100;
    const std::size_t name = is_short ? octet(3) : octet(3) * 256 + octet(4);
    return octet(0) == 131 && numbers != 0 && (is_short || is_long) &&
           size == std::size_t{is_short ? 4U : 5U} + name + numbers;
}

ReplyTrials::ReplyTrials(Link& main, ReplyTrialsUser& user) : main_{main}, user_{user} {}

ReplyTrials::~ReplyTrials() {
    main_.executor().cancel(idle_timer_);
    if (link_ != nullptr) {
        link_->detach(*this);
    }
}

const std::string& ReplyTrials::key_of(const protocol::Envelope& reply) {
    key_.assign(reply.exchange).append(1, '\0').append(reply.routing_key);
    return key_;
}

bool ReplyTrials::is_hopeless(const protocol::Envelope& reply) {
    return hopeless_.contains(key_of(reply)) ||
           (unreadable_ends_ && !is_readable(reply.routing_key));
}

void ReplyTrials::later(std::move_only_function<void(ReplyTrials&)> function) {
    main_.executor().post([weak = std::weak_ptr{life_}, function = std::move(function)]() mutable {
        if (const auto self = weak.lock()) {
            function(**self);
        }
    });
}

void ReplyTrials::add(runtime::DeliveryId delivery, const protocol::Envelope& reply) {
    Entry entry{.delivery = delivery, .reply = protocol::Message{reply}};
    // Those that are likely good do not wait behind those that are likely not.
    if (is_alike(reply.routing_key, proven_direct_)) {
        waiting_.push_front(std::move(entry));
    } else {
        waiting_.push_back(std::move(entry));
    }
    main_.executor().cancel(idle_timer_);
    later([](ReplyTrials& self) { self.connect(); });
}

void ReplyTrials::refuse_waiting(const std::string& reason) {
    const Failure why{.code = Code::overloaded, .message = reason};
    for (const Entry& entry : std::exchange(waiting_, {})) {
        user_.on_tried(entry.delivery, &why);
    }
    watch_idle();
}

void ReplyTrials::connect() {
    if (link_ != nullptr && dials_ >= dials_max && !link_->up()) {
        return refuse_waiting(
            "a second connection to the broker, to try the reply on, cannot be "
            "had: " +
            dial_failure_.message);
    }
    if (waiting_.size() + out_.size() > waiting_max) {
        return refuse_waiting("too many replies wait to be tried on a second connection");
    }
    if (link_ != nullptr) {
        return send();
    }
    if (!waiting_.empty()) {
        link_ = std::make_shared<Link>(main_.executor(), main_.endpoint());
        link_->attach(*this);
    }
}

void ReplyTrials::on_up() {
    dials_ = 0;
    open_channel();
}

void ReplyTrials::open_channel() {
    const auto channel = link_->open_channel(*this);
    if (channel) {
        channel_ = *channel;
        (void)link_->core().confirm_select(channel_);
        send();
    }
}

void ReplyTrials::on_down(const Failure& why) {
    broken(why, link_->ended_by_exception() ? Break::connection : Break::cut);
}

void ReplyTrials::on_attempt_failed(const Failure& why, Refusal refusal) {
    if (main_.up()) {
        dials_ = refusal == Refusal::permanent ? dials_max : dials_ + 1;
        dial_failure_ = why;
        later([](ReplyTrials& self) { self.connect(); });
    }
}

void ReplyTrials::send() {
    while (channel_ != 0 && !waiting_.empty() && (!careful_ || out_.empty())) {
        Entry entry = std::move(waiting_.front());
        waiting_.pop_front();
        const protocol::Envelope view = entry.reply.view();
        // A direct address counts as no queue, and everything for it would come back.
        const bool mandatory = !protocol::is_direct_reply(view.routing_key);
        const auto number = link_->core().basic_publish(
            channel_,
            {.exchange = view.exchange, .routing_key = view.routing_key, .mandatory = mandatory},
            to_properties(view), view.body, view.headers);
        if (!number) {
            later([delivery = entry.delivery, why = explain(number.error(), "The reply")](
                      ReplyTrials& self) { self.user_.on_tried(delivery, &why); });
            continue;
        }
        ++entry.attempts;
        out_.emplace(*number, std::move(entry));
        link_->touch();
    }
    if (waiting_.empty() && out_.empty()) {
        careful_ = false;
        watch_idle();
    }
}

void ReplyTrials::on_channel_event(const amqp::Event& event) {
    if (const auto* answer = std::get_if<amqp::Confirmed>(&event)) {
        confirmed(*answer);
    } else if (const auto* unroutable = std::get_if<amqp::Returned>(&event)) {
        returned(*unroutable);
    } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        broken(explain(*closed, main_.endpoint(), "A reply"), Break::channel, closed->code);
        open_channel();
    }
}

void ReplyTrials::confirmed(const amqp::Confirmed& confirmed) {
    const auto first = confirmed.multiple ? out_.begin() : out_.lower_bound(confirmed.delivery_tag);
    const auto end = out_.upper_bound(confirmed.delivery_tag);
    std::vector<Entry> heard;
    for (auto entry = first; entry != end; ++entry) {
        heard.push_back(std::move(entry->second));
    }
    out_.erase(first, end);
    link_->worked();
    const Failure not_taken{.code = Code::overloaded,
                            .message = "The broker did not take the reply: the queue is full"};
    for (const Entry& entry : heard) {
        const protocol::Envelope view = entry.reply.view();
        if (confirmed.outcome == amqp::Outcome::nack) {
            user_.on_tried(entry.delivery, &not_taken);
            continue;
        }
        proven_.add(key_of(view));
        if (protocol::is_direct_reply(view.routing_key)) {
            proven_direct_ = view.routing_key;
        }
        user_.on_tried(entry.delivery, nullptr);
    }
    send();
}

/// It is confirmed all the same, after this.
void ReplyTrials::returned(const amqp::Returned& returned) {
    for (auto& [number, entry] : out_) {
        const protocol::Envelope view = entry.reply.view();
        if (view.exchange != returned.exchange || view.routing_key != returned.routing_key ||
            view.correlation_id != returned.properties.correlation_id.value_or("")) {
            continue;
        }
        if (Entry again{.delivery = {}, .reply = protocol::Message{view}}; redirect(again)) {
            waiting_.push_back(std::move(again));
        } else {
            user_.on_unroutable(view);
        }
        return;
    }
}

/// A reply that an exchange does not take, or no binding of it, goes straight to the queue of its
/// name, which every queue is bound by.                             [AMQP 0-9-1 3.1.3.1]
bool ReplyTrials::redirect(Entry& entry) {
    protocol::Envelope view = entry.reply.view();
    if (view.exchange.empty() || view.routing_key.empty() || entry.is_redirected) {
        return false;
    }
    view.exchange = {};
    entry = {.delivery = entry.delivery, .reply = protocol::Message{view}, .is_redirected = true};
    return true;
}

void ReplyTrials::broken(const Failure& why, Break how, std::uint16_t code) {
    channel_ = 0;
    std::map<std::uint64_t, Entry> out = std::exchange(out_, {});
    if (out.size() == 1 && (how != Break::cut || out.begin()->second.attempts >= attempts_max)) {
        return convict(std::move(out.begin()->second), why, how, code);
    }
    careful_ = careful_ || !out.empty();
    for (auto entry = out.rbegin(); entry != out.rend(); ++entry) {
        waiting_.push_front(std::move(entry->second));
    }
}

void ReplyTrials::convict(Entry entry, const Failure& why, Break how, std::uint16_t code) {
    // This is what the connection is for: the next one may follow soon.
    link_->worked();
    const bool over_exchange =
        code == amqp::reply_code::not_found || code == amqp::reply_code::access_refused;
    if (how == Break::channel && over_exchange && redirect(entry)) {
        waiting_.push_front(std::move(entry));
        return;
    }
    if (how == Break::channel && !over_exchange) {
        note_refused_size(entry.reply.view().body.size());
    }
    if (how != Break::channel) {
        unreadable_ends_ = unreadable_ends_ || !is_readable(entry.reply.routing_key());
        hopeless_.add(key_of(entry.reply.view()));
    }
    user_.on_tried(entry.delivery, &why);
}

void ReplyTrials::watch_idle() {
    main_.executor().cancel(idle_timer_);
    if (link_ != nullptr && waiting_.empty() && out_.empty()) {
        idle_timer_ = main_.executor().post_at(main_.executor().now() + idle_max,
                                               [weak = std::weak_ptr{life_}] {
                                                   if (const auto self = weak.lock()) {
                                                       (*self)->let_go();
                                                   }
                                               });
    }
}

void ReplyTrials::let_go() {
    channel_ = 0;
    link_->detach(*this);
    AsioExecutor& executor = main_.executor();
    Link& link = *link_;
    // It lives until it has said goodbye, and is let go outside of its own call.
    link.close([&executor, link = std::move(link_)]() mutable {
        executor.post([link = std::move(link)]() mutable { link.reset(); });
    });
}

}  // namespace warren::transport
