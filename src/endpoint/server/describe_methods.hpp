#pragma once

#include <warren/method.hpp>

#include "contract/document.hpp"
#include "endpoint/server/listener_config.hpp"

#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace warren::endpoint {

inline constexpr std::string_view describe_name = "warren.describe";
inline constexpr std::string_view discover_name = "rpc.discover";

/// By which callers ask what a server has: `warren.describe` gives the contract document,
/// `rpc.discover` the same as OpenRPC. Both say which instance answered, as replicas may differ.
class DescribeMethods {
public:
    /// in  own: the server's methods, all there by the first call; listeners: as they are then,
    ///     called by workers
    DescribeMethods(const Registry& own,
                    std::function<std::vector<contract::ListenerDocument>()> listeners);

    /// out  none where callers may not ask; not one that is the server's own
    std::vector<const Method*> of(const ListenerConfig& config) const;
    /// All that the server has.          thread any
    const contract::Document& methods();

private:
    contract::Document document();

    const Registry& own_;
    const std::function<std::vector<contract::ListenerDocument>()> listeners_;
    const std::string instance_;
    std::once_flag made_;
    contract::Document methods_;
    Registry registry_;
};

/// Whether a listener says what it has: as its options say, or else whether only this machine, or
/// this process, can ask.
bool describes(const ListenerConfig& config) noexcept;

}  // namespace warren::endpoint
