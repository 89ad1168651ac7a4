#include "app/config/sections.hpp"
#include "endpoint/server/admin_address.hpp"

namespace warren::app {

void read_admin(const ConfigNode& node, ServerOptions& server) {
    ConfigMap map{node};
    server.admin_address = "127.0.0.1:9095";
    server.admin_origin = node.source_location();
    if (const auto address = map.find("address")) {
        server.admin_origin = address->source_location();
        server.admin_address = address->text().value_or(server.admin_address);
        if (const auto parsed = endpoint::parse_admin_address(server.admin_address); !parsed) {
            address->fail(parsed.error().message);
        }
    }
    map.read("arrpc_names", server.arrpc_metrics, &ConfigNode::boolean);
}

}  // namespace warren::app
