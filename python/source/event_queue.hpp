#pragma once

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>
#include <mutex>
#include <system_error>
#include <utility>
#include <vector>

namespace warren::python {

/// What C++ threads have for Python, where a descriptor becomes readable when there is something.
/// No thread of C++ ever needs the GIL: one of Python's takes all that there is at once.
/// thread any
template <typename Event>
class EventQueue {
public:
    EventQueue() : descriptor_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
        if (descriptor_ < 0) {
            throw std::system_error{errno, std::generic_category(), "eventfd"};
        }
    }
    ~EventQueue() { close(descriptor_); }
    EventQueue(const EventQueue&) = delete;
    EventQueue& operator=(const EventQueue&) = delete;

    int descriptor() const noexcept { return descriptor_; }

    void push(Event event) {
        bool was_empty = false;
        {
            const std::lock_guard lock{mutex_};
            was_empty = events_.empty();
            events_.push_back(std::move(event));
        }
        if (was_empty) {
            const std::uint64_t one = 1;
            static_cast<void>(!write(descriptor_, &one, sizeof one));
        }
    }

    std::vector<Event> take_all() {
        std::uint64_t count = 0;
        static_cast<void>(!read(descriptor_, &count, sizeof count));
        const std::lock_guard lock{mutex_};
        return std::exchange(events_, {});
    }

private:
    const int descriptor_;
    std::mutex mutex_;
    std::vector<Event> events_;
};

}  // namespace warren::python
