#pragma once

namespace warren::runtime {

/// What a thread waits for that an I/O thread does.
class BlockingOperation {
public:
    /// Post what is to be done.                                     thread the one that waits
    virtual void start() = 0;
    /// Whether it is done; it becomes so on the I/O thread.
    virtual bool is_done() const noexcept = 0;
    /// Block until it is done.                                      thread the one that waits
    virtual void wait() = 0;
    /// Whether the I/O thread has more to do once it is done, as far as is known.
    virtual bool leaves_work() const noexcept = 0;

protected:
    ~BlockingOperation() = default;
};

}  // namespace warren::runtime
