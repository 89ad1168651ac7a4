#include "amqp/channel_state.hpp"

namespace warren::amqp {

void PendingContent::keep_head() {
    const std::size_t method_bytes = method.size();
    const std::size_t header_bytes = header.size();
    if (head.empty()) {
        head.assign(method.begin(), method.end());
    }
    if (head.size() == method_bytes) {
        head.insert(head.end(), header.begin(), header.end());
    }
    const std::span<const std::byte> kept{head};
    method = kept.first(method_bytes);
    header = kept.subspan(method_bytes, header_bytes);
}

}  // namespace warren::amqp
