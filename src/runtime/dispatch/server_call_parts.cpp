#include <warren/error.hpp>
#include <warren/type.hpp>

#include "protocol/progress_value.hpp"
#include "runtime/dispatch/listener_context.hpp"
#include "runtime/dispatch/running_calls.hpp"
#include "runtime/dispatch/server_call.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <utility>

// What a handler sends before its response.
namespace warren::runtime {
namespace {

/// One that waits for room, or for the call's stop: whichever comes first has it go on.
class RoomWait : public std::enable_shared_from_this<RoomWait> {
public:
    explicit RoomWait(std::move_only_function<void()> go_on) : go_on_{std::move(go_on)} {}

    void begin(PartsFlow& flow, const std::stop_token& stop) {
        stop_.emplace(stop, [weak = weak_from_this()] {
            if (const auto self = weak.lock()) {
                self->end();
            }
        });
        flow.wait([self = shared_from_this()] { self->end(); });
    }

private:
    void end() {
        if (!is_over_.exchange(true)) {
            go_on_();
        }
    }

    std::move_only_function<void()> go_on_;
    std::atomic<bool> is_over_ = false;
    std::optional<std::stop_callback<std::function<void()>>> stop_;
};

/// A thread that waits.
struct Gate {
    void open() {
        const std::lock_guard lock{mutex};
        is_open = true;
        opened.notify_one();
    }
    void wait() {
        std::unique_lock lock{mutex};
        opened.wait(lock, [this] { return is_open; });
    }

    std::mutex mutex;
    std::condition_variable opened;
    bool is_open = false;
};

}  // namespace

bool ServerCall::write(const Type& type, const void* part) {
    if (!has_room_for_part()) {
        state.lacks_parts = true;
        return false;
    }
    if (state.parts == nullptr) {
        return true;
    }
    Arena rendered;
    const auto value = state.listener->calls().render(*this, type, part, rendered);
    if (!value) {
        throw Error{Code::internal, "a part " + value.error()};
    }
    if (auto written = write_part(protocol::ResponseKind::part, *value);
        !written && written.error().code != Code::contract_mismatch) {
        state.lacks_parts = true;
        throw Error{std::move(written.error())};
    }
    return true;
}

bool ServerCall::has_room_for_part() {
    const std::stop_token& stop = state.context.stop;
    if (stop.stop_requested()) {
        return false;
    }
    if (state.parts == nullptr || state.parts->has_room()) {
        return true;
    }
    if (!state.parts->expects_more()) {
        return false;
    }
    if (state.listener->executor().is_current_thread()) {
        throw Error{Code::internal,
                    "Stream::write would wait for its caller on the I/O thread, which brings "
                    "what it waits for: have the method run on a worker"};
    }
    const auto gate = std::make_shared<Gate>();
    wait_for_room([gate] { gate->open(); });
    gate->wait();
    return !stop.stop_requested() && state.parts->has_room();
}

void ServerCall::write(const Progress& progress) {
    if (state.takes_progress && !state.context.stop.stop_requested()) {
        Arena rendered;
        static_cast<void>(write_part(protocol::ResponseKind::progress,
                                     protocol::progress_value(progress, rendered)));
    }
}

void ServerCall::wait_for_room(std::move_only_function<void()> on_room) {
    if (state.parts == nullptr) {
        return on_room();
    }
    std::make_shared<RoomWait>(std::move(on_room))->begin(*state.parts, state.context.stop);
}

}  // namespace warren::runtime
