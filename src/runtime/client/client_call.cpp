#include "runtime/client/client_call.hpp"

namespace warren::runtime {

void ClientCall::begin_anew() noexcept {
    parts_ = 0;
    credit_bytes_ = 0;
    heard_at_.reset();
    method = {};
    server = {};
    style = model::ArgumentStyle::named;
    arguments = {};
    metadata = {};
    idempotent = false;
    wants_response = true;
    came_one_way = false;
    runs_anyway = false;
    bears_deadline = true;
    may_be_cancelled = true;
    awaits_room = false;
    refused.reset();
    submitted_before_ = nullptr;
    token_.store(0, std::memory_order_relaxed);
    is_cancelled_.store(false, std::memory_order_relaxed);
    series_ = nullptr;
    request_bytes_ = 0;
    stage_ = CallStage::queued;
    session_ = nullptr;
    attempt_ = 1;
    begun_ = 0;
    last_failure_.reset();
}

void CallQueue::push(ClientCall& call) noexcept {
    call.queue_ = this;
    call.previous_ = last_;
    call.next_ = nullptr;
    (last_ != nullptr ? last_->next_ : first_) = &call;
    last_ = &call;
    ++size_;
}

ClientCall& CallQueue::pop() noexcept {
    ClientCall& call = *first_;
    leave(call);
    return call;
}

void CallQueue::leave(ClientCall& call) noexcept {
    CallQueue* queue = call.queue_;
    if (queue == nullptr) {
        return;
    }
    (call.previous_ != nullptr ? call.previous_->next_ : queue->first_) = call.next_;
    (call.next_ != nullptr ? call.next_->previous_ : queue->last_) = call.previous_;
    --queue->size_;
    call.queue_ = nullptr;
    call.previous_ = nullptr;
    call.next_ = nullptr;
}

void CallQueue::append(CallQueue& other) noexcept {
    while (!other.empty()) {
        push(other.pop());
    }
}

}  // namespace warren::runtime
