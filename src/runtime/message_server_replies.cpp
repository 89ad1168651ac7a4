#include "runtime/message_server.hpp"

#include "protocol/reply_headers.hpp"
#include "runtime/kept_bytes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

// From the end of a handler until the broker has the reply.
namespace warren::runtime {
namespace {

// How soon after a reply the broker is asked whether it has read it.
constexpr std::chrono::milliseconds ask_after{500};

std::string refused_text(const Failure& why) {
    return "The reply cannot be sent: " + why.message;
}

}  // namespace

bool MessageServer::replay(DeliveryId delivery, const protocol::Envelope& message) {
    const TimePoint now = port_.executor().now();
    replays_.forget_expired(now);
    if (recovers_until_ && now > *recovers_until_) {
        recovers_until_.reset();
        forgotten_after_ = UINT64_MAX;
    }
    Replays::Known known = replays_.take(message, forgotten_after_);
    if (std::holds_alternative<std::monostate>(known)) {
        return false;
    }
    counters_.replays.add();
    ++unsettled_;
    trim_settled();
    if (MessageJob* const* const running = std::get_if<MessageJob*>(&known)) {
        (*running)->delivery = delivery;
    } else {
        // It answers this one delivery: another one like it is another request.
        auto& response = std::get<KeptResponse>(known);
        response.delivery = delivery;
        conclude_again(std::move(response));
    }
    return true;
}

void MessageServer::settle(std::unique_ptr<MessageJob> job) {
    remove(*job);
    job->is_done = true;
    if (job->given_back) {
        unsettled_ -= is_current(*job) ? 1 : 0;
        recycle(std::move(job));
        return;
    }
    if (!is_current(*job) && job->is_recognizable()) {
        replays_.remove_running(*job);
    }
    conclude(std::move(job));
}

void MessageServer::conclude_again(KeptResponse response) {
    std::unique_ptr<MessageJob> job = idle_job();
    job->state.lane = &lane_;
    job->restore(std::move(response));
    conclude(std::move(job));
}

/// Send the reply, unless this connection has it, and acknowledge.
void MessageServer::conclude(std::unique_ptr<MessageJob> job) {
    const bool current = is_current(*job);
    const bool is_due =
        job->reply && (job->response.replied_in == 0 || job->response.replied_in != generation_);
    const Settlement settlement = port_.settle(job->delivery, is_due ? &*job->reply : nullptr);
    if (settlement == Settlement::on_trial) {
        job->is_done = false;
        if (!current && job->is_recognizable()) {
            replays_.add_running(*job);
        }
        const DeliveryId delivery = job->delivery;
        trials_.push_back({delivery, std::move(job)});
        return;
    }
    unsettled_ -= current ? 1 : 0;
    if (settlement == Settlement::sent) {
        job->response.replied_in = generation_;
        job->response.is_doubtful = false;
        job->response.sent_as = ++sent_;
        ask_later();
        counters_.bytes_sent.add(is_due ? job->reply->body.size() : 0);
        if (current) {
            keep(std::move(job));
            return;
        }
    }
    remember(std::move(job));
}

/// out  null: it is on trial no more
std::unique_ptr<MessageJob> MessageServer::take_tried(DeliveryId delivery) {
    const auto trial = std::ranges::find(trials_, delivery, &Trial::delivery);
    if (trial == trials_.end()) {
        return nullptr;
    }
    std::unique_ptr<MessageJob> job = std::move(trial->job);
    trials_.erase(trial);
    if (!is_current(*job) && job->is_recognizable()) {
        replays_.remove_running(*job);
    }
    job->is_done = true;
    return job;
}

void MessageServer::conclude_tried(std::unique_ptr<MessageJob> job) {
    conclude(std::move(job));
    take_held();
    check_drained();
}

void MessageServer::on_tried(DeliveryId delivery, const Failure* refused) {
    std::unique_ptr<MessageJob> job = take_tried(delivery);
    if (job == nullptr) {
        if (refused != nullptr) {
            replies_.add_lost({}, *refused);
        }
        return;
    }
    if (refused == nullptr) {
        counters_.bytes_sent.add(job->reply->body.size());
        job->reply.reset();
    } else if (job->replace_reply(refused_text(*refused))) {
        replies_.add_refused(job->address.correlation_id, *refused);
    } else {
        replies_.add_lost(job->address.correlation_id, *refused);
        job->reply.reset();
    }
    conclude_tried(std::move(job));
}

void MessageServer::on_reply_refused(const protocol::Envelope& reply, const Failure& why) {
    if (const auto failure = protocol::read_failure_headers(reply.headers);
        failure && failure->code == Code::internal) {
        replies_.add_lost(reply.correlation_id, why);
        return;
    }
    replies_.add_refused(reply.correlation_id, why);
    Arena arena;
    std::string body;
    const std::string message = refused_text(why);
    const protocol::ReplyAddress address = dialect_.address_of(reply);
    auto answer = dialect_.encode_answer(address, {.failure = Code::internal, .message = message},
                                         arena, body);
    if (answer) {
        answer->delivery_mode = reply.delivery_mode;
        port_.send(*answer);
    }
}

void MessageServer::on_reply_lost(DeliveryId delivery, const protocol::Envelope& reply,
                                  const Failure& why) {
    replies_.add_lost(reply.correlation_id, why);
    if (std::unique_ptr<MessageJob> job = take_tried(delivery)) {
        job->reply.reset();
        conclude_tried(std::move(job));
    }
}

void MessageServer::send_unsent() {
    for (KeptResponse& response : replays_.take_unsent(stopping_)) {
        conclude_again(std::move(response));
    }
}

/// What a connection that breaks leaves in doubt stays little by that.
void MessageServer::ask_later() {
    if (ask_timer_ || is_asking_) {
        return;
    }
    ask_timer_ = port_.executor().post_at(port_.executor().now() + ask_after, [this] {
        ask_timer_.reset();
        asked_ = sent_;
        is_asking_ = port_.ask();
    });
}

std::string MessageServer::unfinished() const {
    std::string text;
    const auto add = [&text](const std::string& part) {
        text += (text.empty() ? "" : ", ") + part;
    };
    if (!stopped_) {
        add("the broker has not confirmed that it delivers no more");
    }
    if (const std::size_t count = replays_.unsent(); count != 0) {
        add(fmt::format("replies that wait for a connection: {}", count));
    }
    if (!trials_.empty()) {
        add(fmt::format("replies that the broker has not confirmed: {}", trials_.size()));
    }
    return text.empty() ? text : lane_.policy().name + ": " + text;
}

void MessageServer::keep(std::unique_ptr<MessageJob> job) {
    if (!job->is_recognizable()) {
        recycle(std::move(job));
        return;
    }
    settled_bytes_ += job->kept_bytes();
    settled_.push_back(std::move(job));
    trim_settled();
}

void MessageServer::trim_settled() {
    while (!settled_.empty() && (settled_.size() + unsettled_ > options_.in_flight_max ||
                                 settled_bytes_ > options_.replays.bytes_max)) {
        settled_bytes_ -= settled_.front()->kept_bytes();
        recycle(std::move(settled_.front()));
        settled_.pop_front();
    }
}

void MessageServer::recycle(std::unique_ptr<MessageJob> job) {
    if (free_.size() < options_.in_flight_max && job->body_bytes <= kept_bytes_max &&
        job->kept_bytes() <= kept_bytes_max) {
        job->reuse();
        free_.push_back(std::move(job));
    }
}

void MessageServer::remember(std::unique_ptr<MessageJob> job) {
    if (job->is_recognizable()) {
        replays_.add_answered(job->take_response(), port_.executor().now());
        arm_expiry();
    }
    recycle(std::move(job));
}

void MessageServer::arm_expiry() {
    const std::optional<TimePoint> next = replays_.next_expiry();
    if (!next || expiry_timer_) {
        return;
    }
    expiry_timer_ = port_.executor().post_at(*next, [this] {
        expiry_timer_.reset();
        replays_.forget_expired(port_.executor().now());
        arm_expiry();
    });
}

}  // namespace warren::runtime
