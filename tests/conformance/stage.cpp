#include "conformance/stage.hpp"

#include <chrono>
#include <utility>

namespace warren::conformance {
namespace {

constexpr std::chrono::minutes patience{1};

}  // namespace

void Stage::act(const std::string& name) {
    act(name, {});
}

void Stage::act(const std::string& name, std::stop_token stop) {
    std::unique_lock lock{mutex_};
    in_.insert(name);
    note(name, " in");
    changed_.notify_all();
    const bool may_go =
        changed_.wait(lock, std::move(stop), [&] { return all_may_go_ || may_go_.contains(name); });
    out_.insert(name);
    note(name, may_go ? " out" : " stopped");
    changed_.notify_all();
}

bool Stage::await_in(const std::string& name) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return in_.contains(name); });
}

bool Stage::await_out(const std::string& name) {
    std::unique_lock lock{mutex_};
    return changed_.wait_for(lock, patience, [&] { return out_.contains(name); });
}

void Stage::let_go(const std::string& name) {
    const std::lock_guard lock{mutex_};
    may_go_.insert(name);
    changed_.notify_all();
}

void Stage::let_all_go() {
    const std::lock_guard lock{mutex_};
    all_may_go_ = true;
    changed_.notify_all();
}

std::string Stage::take_history() {
    const std::lock_guard lock{mutex_};
    return std::exchange(history_, {});
}

void Stage::note(const std::string& name, std::string_view what) {
    history_.append(history_.empty() ? "" : ", ").append(name).append(what);
}

}  // namespace warren::conformance
