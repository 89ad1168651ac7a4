#pragma once

#include <warren/progress.hpp>

#include <functional>

namespace warren {
struct Type;
}

namespace warren::detail {

/// What a running handler sends before its response.
/// thread any, one at a time
class PartWriter {
public:
    /// Send a part, once there is room for it: waits.
    /// out  false: nobody takes it
    /// err  throws Error: see `Stream::write`
    virtual bool write(const Type& type, const void* part) = 0;
    virtual void write(const Progress& progress) = 0;
    /// Call a function once there is room for a part, or nobody takes it: inside of this if that is
    /// so already.
    virtual void wait_for_room(std::move_only_function<void()> on_room) = 0;

protected:
    ~PartWriter() = default;
};

}  // namespace warren::detail
