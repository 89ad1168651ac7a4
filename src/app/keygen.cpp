#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "format/fernet/fernet.hpp"
#include "transport/zmq/curve_keys.hpp"

#include <cstdio>
#include <memory>

namespace warren::app {
namespace {

int refuse(const Failure& failure) {
    std::fprintf(stderr, "error: internal: %s\n", failure.message.c_str());
    return exit_internal;
}

int print_fernet_key() {
    const auto key = format::FernetKey::generate();
    if (!key) {
        return refuse(key.error());
    }
    std::printf("%s\n", key->text().c_str());
    return exit_success;
}

/// As a configuration reads it: what begins like a variable of the environment would be one.
bool is_plain(const transport::CurveKeyPair& keys) {
    return !keys.public_key.contains("${") && !keys.secret_key.contains("${");
}

int print_curve_keys() {
    auto keys = transport::make_curve_keys();
    while (keys && !is_plain(*keys)) {
        keys = transport::make_curve_keys();
    }
    if (!keys) {
        return refuse(keys.error());
    }
    std::printf("public_key: \"%s\"\nsecret_key: \"%s\"\n", keys->public_key.c_str(),
                keys->secret_key.c_str());
    return exit_success;
}

}  // namespace

void add_keygen(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "keygen", "Print a fresh Fernet key, for a server and its callers, or a pair for CURVE.");
    const auto is_curve = std::make_shared<bool>(false);
    command->add_flag("--curve", *is_curve,
                      "A pair of keys of CURVE, for ZeroMQ: two lines, as in a configuration");
    command->callback([&action, is_curve] {
        action = [is_curve] { return *is_curve ? print_curve_keys() : print_fernet_key(); };
    });
}

}  // namespace warren::app
