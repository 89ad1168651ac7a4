#include "runtime/message_job.hpp"

#include <cstddef>
#include <string>
#include <utility>

namespace warren::runtime {
namespace {

constexpr std::size_t kept_arena_bytes_max = std::size_t{64} << 10;

}  // namespace

void MessageJob::finished(std::unique_ptr<Job> self) noexcept {
    std::string unwritable;
    reply = dialect_.encode_answer(address, answer(), arena, body, &unwritable);
    if (!unwritable.empty()) [[unlikely]] {
        report("the reply cannot be sent: " + unwritable);
    }
    if (reply) {
        reply->delivery_mode = address.delivery_mode;
    }
    // Its destructors are the handler's code, too: they run here and not on the I/O thread.
    release_result();
    shrink();
    mailbox_->put(std::move(self));
}

/// A finished job may be kept for long, and so must not keep what its request took.
void MessageJob::shrink() {
    if (arena.capacity_bytes() <= kept_arena_bytes_max) {
        return;
    }
    Arena smaller;
    if (reply) {
        reply->headers = smaller.copy(reply->headers);
    }
    arena = std::move(smaller);
}

void MessageJob::reuse() noexcept {
    reset();
    delivery = {};
    address.exchange.clear();
    address.reply_to.clear();
    address.correlation_id.clear();
    address.method.clear();
    address.form = 0;
    body_bytes = 0;
    body_hash = 0;
    place = 0;
    given_back = false;
    is_done = false;
    body.clear();
    reply.reset();
    replied_in = 0;
}

}  // namespace warren::runtime
