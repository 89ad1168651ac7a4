#include "app/commands.hpp"
#include "app/exit_code.hpp"
#include "format/fernet.hpp"

#include <cstdio>

namespace warren::app {

void add_keygen(CLI::App& program, Action& action) {
    CLI::App* command =
        program.add_subcommand("keygen", "Print a fresh Fernet key, for a server and its callers.");
    command->callback([&action] {
        action = [] {
            const auto key = format::FernetKey::generate();
            if (!key) {
                std::fprintf(stderr, "error: internal: %s\n", key.error().message.c_str());
                return static_cast<int>(exit_internal);
            }
            std::printf("%s\n", key->text().c_str());
            return static_cast<int>(exit_success);
        };
    });
}

}  // namespace warren::app
