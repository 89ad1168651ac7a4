#include "transport/loop/poller.hpp"

#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>
#include <utility>

namespace warren::transport {

Poller::Poller()
    : epoll_{epoll_create1(EPOLL_CLOEXEC)}, interruption_{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {
    // By its edge: who has been interrupted need not take the interruption back.
    if (epoll_ < 0 || interruption_ < 0 ||
        !set(EPOLL_CTL_ADD, interruption_, EPOLLIN | EPOLLET, nullptr)) {
        const std::system_error error{errno, std::system_category(), "Cannot watch sockets"};
        ::close(epoll_);
        ::close(interruption_);
        throw error;
    }
}

Poller::~Poller() {
    ::close(epoll_);
    ::close(interruption_);
}

bool Poller::wait(int timeout_ms) {
    const int count =
        epoll_wait(epoll_, events_.data(), static_cast<int>(events_.size()), timeout_ms);
    ready_count_ = static_cast<std::size_t>(std::max(count, 0));
    undelivered_ = std::span{events_}.first(ready_count_);
    while (!undelivered_.empty()) {
        const epoll_event event = undelivered_.front();
        undelivered_ = undelivered_.subspan(1);
        if (auto* const socket = static_cast<PolledSocket*>(event.data.ptr); socket != nullptr) {
            socket->notify(event.events);
        }
    }
    return count > 0;
}

void Poller::interrupt() noexcept {
    eventfd_write(interruption_, 1);
}

bool Poller::set(int operation, int descriptor, std::uint32_t events,
                 PolledSocket* socket) noexcept {
    epoll_event event{.events = events, .data = {.ptr = socket}};
    return epoll_ctl(epoll_, operation, descriptor, &event) == 0;
}

/// What is known of it already must not be told any more: it is about to be destroyed.
void Poller::forget(const PolledSocket& socket) noexcept {
    for (epoll_event& event : undelivered_) {
        if (event.data.ptr == &socket) {
            event.data.ptr = nullptr;
        }
    }
}

void PolledSocket::close() noexcept {
    if (is_open()) {
        ::close(release());
    }
}

int PolledSocket::release() noexcept {
    wanted_ = 0;
    watch(0);
    poller_.forget(*this);
    return std::exchange(descriptor_, -1);
}

bool PolledSocket::want(std::uint32_t event) noexcept {
    if ((watched_ & event) == 0 && !watch(watched_ | event)) {
        return false;
    }
    wanted_ |= event;
    return true;
}

bool PolledSocket::watch(std::uint32_t events) noexcept {
    if (events == watched_) {
        return true;
    }
    const int change = events == 0 ? EPOLL_CTL_DEL : EPOLL_CTL_MOD;
    if (!poller_.set(watched_ == 0 ? EPOLL_CTL_ADD : change, descriptor_, events, this)) {
        return false;
    }
    watched_ = events;
    return true;
}

void PolledSocket::notify(std::uint32_t events) {
    if ((events & (EPOLLERR | EPOLLHUP)) != 0) {
        events |= EPOLLIN | EPOLLOUT;
    }
    // The set tells of it in every turn, so what nobody wants must leave it; though not before it
    // is told in vain, for mostly it is wanted again within the turn.
    if ((events & watched_ & ~wanted_) != 0) {
        watch(wanted_);
    }
    const std::uint32_t ready = std::exchange(wanted_, wanted_ & ~events) & events;
    if (ready != 0) {
        user_.on_ready({.readable = (ready & EPOLLIN) != 0, .writable = (ready & EPOLLOUT) != 0});
    }
}

}  // namespace warren::transport
