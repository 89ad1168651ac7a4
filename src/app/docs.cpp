#include "app/commands.hpp"
#include "app/contract_source.hpp"
#include "app/docs_server.hpp"
#include "app/exit_code.hpp"
#include "app/fresh_contract.hpp"
#include "app/interrupt.hpp"
#include "app/serving.hpp"
#include "app/site_directory.hpp"
#include "docs/site.hpp"

#include <systemd/sd-daemon.h>

#include <cstdio>
#include <memory>
#include <string>

namespace warren::app {
namespace {

struct DocsOptions {
    ContractSource source;
    std::string out;
    DocsServer::Options server;
};

int build_docs(const DocsOptions& options) {
    const Interrupt interrupt;
    const auto document = read_contract(options.source);
    if (!document) {
        return document.error();
    }
    const auto files = docs::site(*document, {.title = options.server.title});
    const auto written = write_site(options.out, files, interrupt.token());
    if (interrupt.is_asked()) {
        interrupt.end();
    }
    if (!written) {
        std::fprintf(stderr, "error: %s\n", written.error().c_str());
        return exit_failed;
    }
    return exit_success;
}

int serve_docs(const DocsOptions& options) {
    const Signals signals;
    const auto document = read_contract(options.source);
    if (!document) {
        return document.error();
    }
    DocsServer server{options.server};
    server.publish(*document);
    if (const auto started = server.start(); !started) {
        std::fprintf(stderr, "error: %s\n", started.error().message.c_str());
        return exit_configuration;
    }
    std::printf("ready %s\n", server.url().c_str());
    std::fflush(stdout);
    sd_notifyf(0, "READY=1\nSTATUS=Documentation at %s", server.url().c_str());
    signals.wait([&] {
        // What cannot be read now is shown as it was.
        if (const auto fresh = read_contract_afresh(options.source)) {
            server.publish(*fresh);
            std::fprintf(stderr, "info: the contract is read again\n");
        }
    });
    sd_notify(0, "STOPPING=1");
    return exit_success;
}

}  // namespace

void add_docs(CLI::App& program, Action& action) {
    CLI::App* command = program.add_subcommand(
        "docs", "Documentation of methods: pages for people, schemas for programs.");
    command->require_subcommand(1);
    const auto options = std::make_shared<DocsOptions>();

    CLI::App* build = command->add_subcommand(
        "build",
        "Write the documentation as files, which need no server and nothing from outside.");
    add_contract_source(*build, options->source);
    build
        ->add_option("--out", options->out,
                     "The directory; one that is there is replaced if it holds documentation alone")
        ->required();
    build->add_option("--title", options->server.title, "What the pages are called")
        ->capture_default_str();
    build->callback([&action, options] { action = [options] { return build_docs(*options); }; });

    CLI::App* serve = command->add_subcommand(
        "serve", "Serve the documentation over HTTP until a signal; SIGHUP reads it again.");
    add_contract_source(*serve, options->source);
    serve->add_option("--host", options->server.host, "Where to listen; ::, everywhere")
        ->capture_default_str();
    serve->add_option("--port", options->server.port, "The port; 0: a free one")
        ->capture_default_str();
    serve->add_option("--title", options->server.title, "What the pages are called")
        ->capture_default_str();
    serve->callback([&action, options] { action = [options] { return serve_docs(*options); }; });
}

}  // namespace warren::app
