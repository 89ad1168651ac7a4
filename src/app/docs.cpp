#include "app/address_option.hpp"
#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/contract_source.hpp"
#include "app/docs_server.hpp"
#include "app/exit_code.hpp"
#include "app/fresh_contract.hpp"
#include "app/host_name.hpp"
#include "app/interrupt.hpp"
#include "app/other_contract.hpp"
#include "app/serving.hpp"
#include "app/site_directory.hpp"
#include "contract/diff.hpp"
#include "core/duration.hpp"
#include "docs/site.hpp"
#include "endpoint/address/address.hpp"

#include <systemd/sd-daemon.h>

#include <cstdio>
#include <expected>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

struct DocsOptions {
    ContractSource source;
    std::optional<std::string> against;  // the contract before
    std::string out;
    DocsServer::Options server;
    std::string try_it;  // mock or call; empty: nothing is called
    CallCommand call;
    std::vector<std::string> public_hosts;
    const CLI::Option* host = nullptr;
};

/// Read the contract before, if there is one to hold the new one against.
std::expected<std::optional<contract::Document>, int> read_before(const DocsOptions& options) {
    if (!options.against) {
        return std::nullopt;
    }
    auto before = read_other_contract(*options.against);
    if (!before) {
        return std::unexpected{before.error()};
    }
    return std::optional{std::move(*before)};
}

int build_docs(const DocsOptions& options) {
    const Interrupt interrupt;
    const auto before = read_before(options);
    const auto document = before ? read_contract(options.source) : std::unexpected{before.error()};
    if (!document) {
        return document.error();
    }
    const contract::Diff changes = *before ? contract::diff(**before, *document) : contract::Diff{};
    const auto files = docs::site(
        *document, {.title = options.server.title, .changes = *before ? &changes : nullptr});
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

/// Whom calls from the pages go to.
/// err  what to tell the user
std::expected<TryIt::Options, std::string> try_options(const DocsOptions& options) {
    const bool is_mock = options.try_it == "mock";
    auto target = is_mock ? mock_target(options.source) : call_target(options.source, options.call);
    const auto timeout = core::parse_duration(options.call.timeout);
    if (!target || !timeout) {
        return std::unexpected{target ? "--timeout: " + timeout.error().message : target.error()};
    }
    const std::string& to =
        options.call.to.empty() ? options.source.from.value_or("") : options.call.to;
    const auto given = read_address(to);
    const auto address = endpoint::parse_address(given.value_or(""));
    return TryIt::Options{
        .target = std::move(*target),
        .page = {.is_mock = is_mock, .address = address ? address->display() : std::string{}},
        .public_hosts = options.public_hosts,
        .timeout = *timeout};
}

/// The server as it is to be made.
/// err  what to tell the user
std::expected<DocsServer::Options, std::string> server_options(const DocsOptions& options) {
    DocsServer::Options server = options.server;
    if (options.try_it.empty()) {
        return server;
    }
    // Whoever reads may call: nobody but this machine, unless somebody said so.
    if (options.host->empty()) {
        server.host = "127.0.0.1";
    } else if (server.host == "::" || server.host == "*" || server.host == "0.0.0.0") {
        std::fprintf(stderr,
                     "warning: with --try and --host %s whoever reaches this machine may call\n",
                     server.host.c_str());
    }
    auto try_it = try_options(options);
    if (!try_it) {
        return std::unexpected{std::move(try_it.error())};
    }
    server.try_it = std::move(*try_it);
    return server;
}

int serve_docs(const DocsOptions& options) {
    const Signals signals;
    auto before = read_before(options);
    const auto document = before ? read_contract(options.source) : std::unexpected{before.error()};
    if (!document) {
        return document.error();
    }
    auto made = server_options(options);
    if (!made) {
        std::fprintf(stderr, "error: %s\n", made.error().c_str());
        return exit_configuration;
    }
    made->before = std::move(*before);
    DocsServer server{std::move(*made)};
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

void add_try(CLI::App& serve, DocsOptions& options) {
    options.call.to_option = "--address";
    options.call.timeout = "30s";
    auto* const try_it =
        serve
            .add_option("--try", options.try_it,
                        "Let methods be called from the pages: mock, no handler runs; call, for "
                        "real")
            ->check(CLI::IsMember({"mock", "call"}));
    const auto add = [&](const char* name, auto& value, const char* help) {
        return serve.add_option(name, value, help)->needs(try_it);
    };
    add("--address", options.call.to,
        "Where --try call calls, as --to of `warren call`; else where the configuration serves the "
        "method, or --from; @FILE reads a file")
        ->type_name(value_name::address);
    add("--fernet-key", options.call.fernet_keys,
        "Encrypt secrets with this key, or with @FILE's; may be repeated")
        ->type_name(value_name::secret)
        ->allow_extra_args(false);
    add("--auth-secret", options.call.auth_secrets,
        "Sign with this secret, or with @FILE's (without a broker); may be repeated")
        ->type_name(value_name::secret)
        ->allow_extra_args(false);
    add("--ca", options.call.ca, "Of TLS: trust the authorities in this PEM file")
        ->type_name(value_name::file);
    serve.add_flag("--insecure", options.call.insecure, "Of TLS: trust any certificate")
        ->needs(try_it);
    add("--timeout", options.call.timeout, "How long a call may take, such as 5s")
        ->capture_default_str()
        ->type_name(value_name::duration);
    add("--public-host", options.public_hosts,
        "A name that this server is known by, as behind a proxy; may be repeated")
        ->allow_extra_args(false)
        ->check([](const std::string& host) {
            return read_host_name(host)
                       ? std::string{}
                       : "expected a host's name or address, such as docs.example.org, without "
                         "scheme, port and path, not " +
                             host;
        });
}

void add_against(CLI::App& command, DocsOptions& options) {
    command
        .add_option("--against", options.against,
                    "Say what changed since this contract: a document, a directory of modules, "
                    "or a server's address")
        ->type_name(value_name::place);
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
        ->type_name(value_name::directory)
        ->required();
    build->add_option("--title", options->server.title, "What the pages are called")
        ->capture_default_str();
    add_against(*build, *options);
    build->callback([&action, options] { action = [options] { return build_docs(*options); }; });

    CLI::App* serve = command->add_subcommand(
        "serve", "Serve the documentation over HTTP until a signal; SIGHUP reads it again.");
    add_contract_source(*serve, options->source);
    options->host =
        serve
            ->add_option("--host", options->server.host,
                         "Where to listen; ::, everywhere; with --try 127.0.0.1 unless given")
            ->capture_default_str();
    serve->add_option("--port", options->server.port, "The port; 0: a free one")
        ->capture_default_str();
    serve->add_option("--title", options->server.title, "What the pages are called")
        ->capture_default_str();
    add_try(*serve, *options);
    add_against(*serve, *options);
    serve->callback([&action, options] { action = [options] { return serve_docs(*options); }; });
}

}  // namespace warren::app
