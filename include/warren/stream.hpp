#pragma once

#include <warren/detail/invocation.hpp>
#include <warren/detail/part_writer.hpp>
#include <warren/type.hpp>

#include <coroutine>

namespace warren {

namespace detail {

/// Waits for room without a thread, and then sends.
class PartAwaiter {
public:
    PartAwaiter(PartWriter& writer, const Type& type, const void* part, OpenCall& handler) noexcept
        : writer_{writer}, type_{type}, part_{part}, handler_{handler} {}

    bool await_ready() const noexcept { return false; }
    void await_suspend(std::coroutine_handle<> waiting) {
        writer_.wait_for_room([&handler = handler_, waiting] { handler.go_on(waiting); });
    }
    bool await_resume() { return writer_.write(type_, part_); }

private:
    PartWriter& writer_;
    const Type& type_;
    const void* part_;
    OpenCall& handler_;
};

struct PartAwaitable {
    PartWriter& writer;
    const Type& type;
    const void* part;

    PartAwaiter awaiter(OpenCall& handler) const noexcept { return {writer, type, part, handler}; }
};

}  // namespace detail

/// Sends parts before the response: a parameter, by value, of a handler, behind its request and its
/// `Context` where it takes one.
///
///     Summary list_orders(const Query& query, warren::Stream<Order> orders) {
///         for (const Order& order : find(query)) {
///             if (!orders.write(order)) {
///                 break;
///             }
///         }
///         return {...};
///     }
///
/// Each part keeps to its type as a response does. No more bytes of them are under way than the
/// caller takes; `write` waits until there is room again, which holds the handler's thread. A
/// caller that takes no parts, such as another framework's, gets the response alone, and its parts
/// are dropped.
/// thread any, one at a time, until the handler has responded
template <typename T>
class Stream {
public:
    explicit Stream(detail::PartWriter& writer) noexcept : writer_{&writer} {}

    /// Send a part, once there is room for it.
    /// out  false: nobody takes it, as the deadline has passed or the caller has given up
    /// err  throws Error: internal when the part breaks its contract, or when a method that runs on
    ///      the I/O thread would wait; overloaded when too much waits for the caller's connection
    bool write(const T& part) { return writer_->write(type_of<T>(), &part); }

    /// The same in a coroutine, which holds no thread while it waits: `co_await` it.
    /// in   part: an object with a name, which is there until then
    detail::PartAwaitable async_write(const T& part) { return {*writer_, type_of<T>(), &part}; }
    detail::PartAwaitable async_write(const T&& part) = delete;

private:
    detail::PartWriter* writer_;
};

}  // namespace warren
