#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace warren::transport {

/// Which names are bound at "inproc://", and who connected to them: ZeroMQ itself tells neither
/// side whether the other is there.          thread any
class InprocNames {
public:
    /// Somebody who is connected. `gone` is called once, by the thread that gives the name up and
    /// under a lock, unless the interest ends before: it must only post.
    struct Interest {
        std::function<void()> gone;
    };

    /// A name that is bound while this lives; null: it is taken.
    std::shared_ptr<void> bind(const std::string& name);
    /// in   gone: see `Interest`
    /// out  ends the interest when it is destroyed; null: nobody has bound the name
    std::shared_ptr<void> connect(const std::string& name, std::function<void()> gone);

private:
    struct Names {
        std::mutex mutex{};
        std::map<std::string, std::vector<const Interest*>> bound{};
    };

    // Shared with what was handed out, which may live longer.
    const std::shared_ptr<Names> names_ = std::make_shared<Names>();
};

}  // namespace warren::transport
