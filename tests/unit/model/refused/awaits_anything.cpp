#include <warren/task.hpp>

// Not to be compiled: a handler's coroutine waits for what Warren cannot let go on, or stop.
namespace {

warren::task<int> waits_for_ever() {
    co_await std::suspend_always{};
    co_return 1;
}

}  // namespace
