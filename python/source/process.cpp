#include "source/process.hpp"

#include <pthread.h>

#include <atomic>

namespace warren::python {
namespace {

std::atomic<std::uint64_t> forks = 0;

}  // namespace

std::uint64_t process_number() noexcept {
    return forks.load(std::memory_order_relaxed);
}

void count_forks() {
    pthread_atfork(nullptr, nullptr, [] { forks.fetch_add(1, std::memory_order_relaxed); });
}

}  // namespace warren::python
