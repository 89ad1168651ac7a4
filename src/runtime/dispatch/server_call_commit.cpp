#include <warren/transaction.hpp>

#include "model/render.hpp"
#include "protocol/response_record.hpp"
#include "runtime/dispatch/keyed_calls.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/server_call.hpp"
#include "runtime/dispatch/store_locks.hpp"

#include <string>
#include <utility>

// What a handler changes in the store together with its response.
namespace warren::runtime {
namespace {

[[noreturn]] void refuse_commit(std::string why) {
    throw Error{Code::internal, "Context::commit: " + std::move(why)};
}

}  // namespace

void ServerCall::commit(const Type* response,
                        const std::function<detail::CommittedResponse(Transaction&)>& change) {
    KeyedCalls* const keyed_calls = state.listener->options().keyed_calls;
    if (keyed_calls == nullptr) {
        refuse_commit("the server has no store (`store` of its configuration)");
    }
    KeyedCall* const keyed = state.keyed.get();
    if (state.has_committed) {
        refuse_commit("a call commits once");
    }
    const Type& own = *state.method->response;
    if (response == nullptr ? own.kind != Type::Kind::nothing : response != &own) {
        refuse_commit("the changes have to give what the handler returns: its response");
    }
    std::string record;
    const auto write = [&](Transaction& transaction) {
        const detail::CommittedResponse given = change(transaction);
        protocol::Response kept{
            .failure = given.success ? std::nullopt : std::optional{Code::failed},
            .message = given.message};
        if (given.data != nullptr) {
            auto rendered = state.listener->calls().render(*this, own, given.data, arena);
            if (!rendered) {
                refuse_commit("the response " + rendered.error());
            }
            kept.data = *rendered;
        }
        protocol::write_response_record(kept, record);
        return record;
    };
    const bool is_held = keyed != nullptr && keyed->is_held;
    keyed_calls->store().commit(
        {.call =
             is_held ? std::optional{store::HeldCall{keyed->key, keyed->attempt}} : std::nullopt,
         .lock = state.store_lock != nullptr ? state.store_lock->lock : nullptr,
         .change = write,
         .deadline = state.context.deadline});
    state.has_committed = true;
    if (is_held) {
        keyed->record = std::move(record);
        keyed->is_committed = true;
    }
}

}  // namespace warren::runtime
