#include "runtime/job.hpp"

#include "protocol/failure_value.hpp"
#include "runtime/lane.hpp"
#include "runtime/refusals.hpp"
#include "runtime/running_calls.hpp"

#include <optional>
#include <utility>

namespace warren::runtime {

std::expected<void, Failure> ResponseWriter::write_part(const Value&) {
    return std::unexpected{no_parts()};
}

void Job::run_task() noexcept {
    state.lane->run(std::unique_ptr<Job>{this});
}

void Job::fail(Failure failure) noexcept {
    state.failure = std::move(failure);
    state.answer = protocol::to_answer(state.failure);
}

void Job::release_result() noexcept {
    if (state.invocation != nullptr) {
        state.invocation->clear();
    }
    state.held.give_back();
    state.mock.reset();
    state.answer.data.reset();
}

void Job::report(std::string_view details) const noexcept {
    state.lane->calls().report(*this, details);
}

void Job::reset() noexcept {
    release_result();
    arena.reset();
    request_bytes = 0;
    values_bytes = 0;
    memory = nullptr;
    peer_address.clear();
    wants_answer = true;
    renew();
    state.lane = nullptr;
    state.method = nullptr;
    state.series = nullptr;
    state.context = {};
    state.lock_key.clear();
    state.is_withdrawn = false;
    state.has_begun.store(false, std::memory_order_relaxed);
    state.large.reset();
    state.parked.reset();
    if (state.answer.failure) {
        state.failure = {};
    }
    state.answer = {};
    state.message.clear();
}

}  // namespace warren::runtime
