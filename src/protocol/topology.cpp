#include "protocol/topology.hpp"

namespace warren::protocol {

void apply(const TopologyOverrides& overrides, Queue& queue) {
    if (overrides.queue_type == "quorum") {
        queue.durable = true;
        queue.exclusive = queue.auto_delete = false;
    }
    queue.durable = overrides.durable.value_or(queue.durable);
    queue.exclusive = overrides.exclusive.value_or(queue.exclusive);
    queue.auto_delete = overrides.auto_delete.value_or(queue.auto_delete);

    std::vector<Member> arguments;
    for (const Value& given : {queue.arguments.value(), overrides.arguments.value()}) {
        if (given.is_map()) {
            const auto members = given.as_map();
            arguments.insert(arguments.end(), members.begin(), members.end());
        }
    }
    if (overrides.queue_type) {
        arguments.push_back({Value::text("x-queue-type"), Value::text(*overrides.queue_type)});
    }
    if (!arguments.empty()) {
        queue.arguments = Dynamic{Value::map(arguments)};
    }
}

}  // namespace warren::protocol
