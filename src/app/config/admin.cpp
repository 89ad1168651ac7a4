#include "app/config/sections.hpp"
#include "endpoint/server/admin_address.hpp"

namespace warren::app {
namespace {

void read_address(const ConfigNode& address, Config& config) {
    ServerOptions& server = config.server;
    server.admin_origin = address.source_location();
    const auto place = read_listen_place(address);
    if (!place) {
        return;
    }
    config.admin_socket_name = place->socket_name;
    server.admin_address = place->address;
    if (!place->socket_name.empty()) {
        return;
    }
    if (const auto parsed = endpoint::parse_admin_address(server.admin_address); !parsed) {
        address.fail(parsed.error().message);
    }
}

}  // namespace

void read_admin(const ConfigNode& node, Config& config) {
    ConfigMap map{node};
    config.server.admin_address = "127.0.0.1:9095";
    config.server.admin_origin = node.source_location();
    if (const auto address = map.find("address")) {
        read_address(*address, config);
    }
    map.read("token", config.server.admin_token, &ConfigNode::secret);
    map.read("arrpc_names", config.server.arrpc_metrics, &ConfigNode::boolean);
}

}  // namespace warren::app
