#include <warren/task.hpp>

// Not to be compiled: a task that has a name might be waited for again.
namespace {

warren::task<int> part() {
    co_return 1;
}

warren::task<int> waits() {
    warren::task<int> named = part();
    const int first = co_await named;
    co_return first;
}

}  // namespace
