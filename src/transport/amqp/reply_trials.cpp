#include "transport/amqp/reply_trials.hpp"

#include "amqp/reply_code.hpp"
#include "core/while_alive.hpp"
#include "transport/amqp/refusal.hpp"
#include "transport/amqp/reply_publish.hpp"

#include <algorithm>
#include <cstddef>
#include <iterator>
#include <utility>
#include <vector>

namespace warren::transport {

ReplyTrials::ReplyTrials(Link& main, ReplyVerdicts& verdicts, ReplyTrialsUser& user)
    : main_{main}, verdicts_{verdicts}, user_{user} {}

ReplyTrials::~ReplyTrials() {
    main_.executor().cancel(idle_timer_);
    main_.executor().cancel(patience_timer_);
    if (link_ != nullptr) {
        link_->detach(*this);
    }
}

void ReplyTrials::later(std::move_only_function<void()> function) {
    main_.executor().post(core::while_alive(std::weak_ptr{life_}, std::move(function)));
}

bool ReplyTrials::add(runtime::DeliveryId delivery, const protocol::MessageView& reply) {
    const bool is_stranger = verdicts_.is_stranger(reply);
    const bool is_done = is_stranger && !verdicts_.is_calm(main_.executor().now());
    Entry entry{.delivery = is_done ? runtime::DeliveryId{} : delivery,
                .reply = protocol::OwnedMessage{reply}};
    if (kept_ == kept_max || kept_bytes_ + reply.body.size() > kept_bytes_max ||
        (is_stranger && strangers_.size() == strangers_max)) {
        later([this, full = std::move(entry)] {
            const Failure why{
                .code = Code::overloaded,
                .message = "Too many replies wait to be tried on a second connection"};
            user_.on_tried(full.delivery, full.reply.view(), &why);
        });
        return is_done;
    }
    keep(is_stranger ? strangers_ : waiting_, std::move(entry));
    later([this] { connect(); });
    return is_done;
}

void ReplyTrials::keep(Entries& where, Entry entry) {
    ++kept_;
    kept_bytes_ += entry.reply.view().body.size();
    where.push_back(std::move(entry));
}

/// out  views the entry
protocol::MessageView ReplyTrials::let_go(const Entry& entry) {
    const protocol::MessageView view = entry.reply.view();
    --kept_;
    kept_bytes_ -= view.body.size();
    return view;
}

void ReplyTrials::end(const Entry& entry, const Failure* refused) {
    user_.on_tried(entry.delivery, let_go(entry), refused);
}

void ReplyTrials::connect() {
    if (!can_try()) {
        const Failure why{.code = Code::overloaded,
                          .message = "a second connection, to try it on, cannot be had: " +
                                     dial_failure_.message};
        Entries untried = std::exchange(waiting_, {});
        std::ranges::move(std::exchange(strangers_, {}), std::back_inserter(untried));
        for (const Entry& entry : untried) {
            user_.on_untried(entry.delivery, let_go(entry), why);
        }
        return watch_idle();
    }
    if (link_ == nullptr && kept_ != 0) {
        link_ = make_link(main_.executor(), main_.endpoint());
        link_->attach(*this);
    }
    if (kept_ != 0 && !link_->up() && patience_timer_ == 0) {
        patience_timer_ = after(patience, &ReplyTrials::lose_patience);
    }
    send();
}

void ReplyTrials::on_up() {
    main_.executor().cancel(std::exchange(patience_timer_, 0));
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
    later([this] { connect(); });
}

void ReplyTrials::on_attempt_failed(const Failure& why, RetryClass retry) {
    if (main_.up()) {
        dials_ = retry == RetryClass::permanent ? dials_max : dials_ + 1;
        dial_failure_ = why;
        later([this] { connect(); });
    }
}

void ReplyTrials::send() {
    while (channel_ != 0 && (out_.empty() || (!careful_ && !is_stranger_out_))) {
        is_stranger_out_ = out_.empty() && waiting_.empty();
        Entries& from = is_stranger_out_ ? strangers_ : waiting_;
        if (from.empty()) {
            break;
        }
        Entry entry = std::move(from.front());
        from.pop_front();
        const auto number = publish_reply(*link_, channel_, entry.reply.view());
        if (!number) {
            later([this, bad = std::move(entry), why = number.error()] {
                end(bad, &why);
                send();
            });
            continue;
        }
        ++entry.attempts;
        out_.emplace(*number, std::move(entry));
    }
    careful_ = careful_ && kept_ != 0;
    watch_idle();
}

void ReplyTrials::on_channel_event(const amqp::Event& event) {
    if (const auto* response = std::get_if<amqp::Confirmed>(&event)) {
        confirmed(*response);
    } else if (const auto* unroutable = std::get_if<amqp::Returned>(&event)) {
        returned(*unroutable);
    } else if (const auto* closed = std::get_if<amqp::ChannelClosed>(&event)) {
        broken(explain(*closed, main_.endpoint(), "A reply"), Break::channel, *closed);
        open_channel();
    }
}

void ReplyTrials::confirmed(const amqp::Confirmed& confirmed) {
    const auto first = confirmed.multiple ? out_.begin() : out_.lower_bound(confirmed.delivery_tag);
    const auto last = out_.upper_bound(confirmed.delivery_tag);
    const bool is_taken = confirmed.outcome != amqp::Outcome::nack;
    std::vector<Entry> heard;
    for (auto entry = first; entry != last; ++entry) {
        heard.push_back(std::move(entry->second));
        if (is_taken) {
            verdicts_.taken(heard.back().reply.view());
        }
    }
    out_.erase(first, last);
    link_->worked();
    sort_strangers();
    const Failure not_accepted{.code = Code::overloaded,
                               .message = "The broker did not take the reply: the queue is full"};
    for (const Entry& entry : heard) {
        end(entry, is_taken ? nullptr : &not_accepted);
    }
    send();
}

/// It is confirmed all the same, after this.
void ReplyTrials::returned(const amqp::Returned& returned) {
    for (auto& [number, entry] : out_) {
        protocol::MessageView view = entry.reply.view();
        if (view.exchange != returned.exchange || view.routing_key != returned.routing_key ||
            view.correlation_id != returned.properties.correlation_id.value_or("")) {
            continue;
        }
        if (redirect(view)) {
            keep(waiting_, {.delivery = {}, .reply = protocol::OwnedMessage{view}});
        } else {
            user_.on_unroutable(view);
        }
        return;
    }
}

void ReplyTrials::broken(const Failure& why, Break how, const amqp::ChannelClosed& closed) {
    channel_ = 0;
    std::map<std::uint64_t, Entry> out = std::exchange(out_, {});
    if (out.size() == 1 && (how != Break::cut || out.begin()->second.attempts >= attempts_max)) {
        return convict(out.begin()->second, why, how, closed);
    }
    careful_ = careful_ || !out.empty();
    for (auto entry = out.rbegin(); entry != out.rend(); ++entry) {
        (is_stranger_out_ ? strangers_ : waiting_).push_front(std::move(entry->second));
    }
}

void ReplyTrials::convict(const Entry& entry, const Failure& why, Break how,
                          const amqp::ChannelClosed& closed) {
    // This is what the connection is for: the next one may follow soon.
    link_->worked();
    protocol::MessageView view = entry.reply.view();
    const bool over_exchange = closed.code == amqp::reply_code::not_found ||
                               closed.code == amqp::reply_code::access_refused;
    if (how == Break::channel && over_exchange && redirect(view)) {
        waiting_.push_front({.delivery = entry.delivery, .reply = protocol::OwnedMessage{view}});
        return;
    }
    if (how != Break::channel) {
        verdicts_.cost_connection(view, main_.executor().now());
        sort_strangers();
    } else if (closed.code == amqp::reply_code::content_too_large || refused_size(closed.text)) {
        verdicts_.refused_size(view.body.size());
    }
    end(entry, &why);
}

/// What has become known decides on those that wait. The others hold nobody up while there may be
/// more of the bad ones.
void ReplyTrials::sort_strangers() {
    const runtime::TimePoint now = main_.executor().now();
    Entries hopeless;
    std::vector<runtime::DeliveryId> done;
    for (Entry& entry : std::exchange(strangers_, {})) {
        const protocol::MessageView view = entry.reply.view();
        const bool is_stranger = verdicts_.is_stranger(view);
        const bool is_hopeless = is_stranger && verdicts_.is_hopeless(view, now);
        if (is_stranger && !is_hopeless && !verdicts_.is_calm(now)) {
            done.push_back(std::exchange(entry.delivery, {}));
        }
        (is_hopeless ? hopeless : is_stranger ? strangers_ : waiting_).push_back(std::move(entry));
    }
    for (const runtime::DeliveryId& delivery : done) {
        user_.on_tried(delivery, {}, nullptr);
    }
    for (const Entry& entry : hopeless) {
        user_.on_hopeless(entry.delivery, let_go(entry));
    }
}

runtime::Executor::TimerId ReplyTrials::after(std::chrono::seconds wait,
                                              void (ReplyTrials::*function)()) {
    return main_.executor().post_at(
        main_.executor().now() + wait,
        core::while_alive(std::weak_ptr{life_}, [this, function] { (this->*function)(); }));
}

void ReplyTrials::watch_idle() {
    if (link_ != nullptr && kept_ == 0) {
        main_.executor().cancel(std::exchange(patience_timer_, 0));
        main_.executor().cancel(idle_timer_);
        idle_timer_ = after(idle_max, &ReplyTrials::close_idle);
    }
}

void ReplyTrials::lose_patience() {
    patience_timer_ = 0;
    if (main_.up()) {
        dials_ = dials_max;
        dial_failure_.message = "it is not answered";
    }
    connect();
}

void ReplyTrials::close_idle() {
    if (kept_ != 0) {
        return;
    }
    channel_ = 0;
    dials_ = 0;
    link_->detach(*this);
    AsioExecutor& executor = main_.executor();
    Link& link = *link_;
    // It lives until it has said goodbye, and is let go outside of its own call.
    link.close([&executor, link = std::move(link_)]() mutable {
        executor.post([link = std::move(link)]() mutable { link.reset(); });
    });
}

}  // namespace warren::transport
