#include "transport/zmq/inproc_names.hpp"

#include <utility>

namespace warren::transport {

std::shared_ptr<void> InprocNames::bind(const std::string& name) {
    const std::scoped_lock lock{names_->mutex};
    if (!names_->bound.try_emplace(name).second) {
        return nullptr;
    }
    return {names_.get(), [names = names_, name](void*) {
                const std::scoped_lock unbinding{names->mutex};
                const auto node = names->bound.extract(name);
                for (const Interest* const interest : node.mapped()) {
                    interest->gone();
                }
            }};
}

std::shared_ptr<void> InprocNames::connect(const std::string& name, std::function<void()> gone) {
    const std::scoped_lock lock{names_->mutex};
    const auto found = names_->bound.find(name);
    if (found == names_->bound.end()) {
        return nullptr;
    }
    auto* const interest = new Interest{std::move(gone)};
    found->second.push_back(interest);
    return {interest, [names = names_, name](Interest* ended) {
                {
                    const std::scoped_lock ending{names->mutex};
                    // The name may have been bound anew since; then this is not among its own.
                    if (const auto where = names->bound.find(name); where != names->bound.end()) {
                        std::erase(where->second, ended);
                    }
                }
                delete ended;
            }};
}

}  // namespace warren::transport
