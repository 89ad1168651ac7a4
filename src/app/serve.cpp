#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/configured_contract.hpp"
#include "app/docs_server.hpp"
#include "app/exit_code.hpp"
#include "app/log.hpp"
#include "app/methods_loading.hpp"
#include "app/middleware.hpp"
#include "app/module_settings.hpp"
#include "app/passed_sockets.hpp"
#include "app/proxy_buffer.hpp"
#include "app/reload.hpp"
#include "app/serving.hpp"

#include <cstddef>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace warren::app {
namespace {

struct ServeOptions {
    std::optional<std::string> config_file;
    std::optional<std::string> virtual_host;
    std::vector<std::string> modules;
};

int report(const Signals& signals, const std::vector<std::string>& problems) {
    signals.release();
    for (const std::string& problem : problems) {
        std::fprintf(stderr, "error: %s\n", problem.c_str());
    }
    return exit_configuration;
}

/// Whom calls from the pages go to.
/// err  throws Error: nobody can be called
std::optional<TryIt::Options> try_options(const Config& config,
                                          const std::vector<std::string>& modules) {
    const DocsEntry& docs = *config.docs;
    if (!docs.try_it) {
        return std::nullopt;
    }
    const bool is_mock = *docs.try_it == TryWay::mock;
    auto target = is_mock ? mock_target(config, modules) : call_target(config);
    if (!target) {
        throw Error{Code::invalid_request, docs.source_location + ": try: " + target.error()};
    }
    return TryIt::Options{.target = std::move(*target),
                          .page = {.is_mock = is_mock},
                          .public_hosts = docs.public_hosts};
}

/// The documentation of a server, as far as its configuration tells before it serves.
/// in   modules: of the command line
/// err  throws Error: its address cannot be had
std::unique_ptr<DocsServer> open_docs(const Config& config, const std::vector<std::string>& modules,
                                      const Registry& registry) {
    DocsServer::Options options{.host = config.docs->host, .port = config.docs->port};
    options.try_it = try_options(config, modules);
    if (!config.docs->title.empty()) {
        options.title = config.docs->title;
    }
    auto docs = std::make_unique<DocsServer>(std::move(options));
    docs->publish(configured_contract(config, registry));
    if (auto started = docs->start(); !started) {
        started.error().message = config.docs->source_location + ": " + started.error().message;
        throw Error{std::move(started.error())};
    }
    return docs;
}

/// What goes wrong, and every call, is told there from now on.
void set_log(Config& config, const std::shared_ptr<endpoint::LogQueue>& log) {
    config.server.log = log;
    if (config.log_server) {
        config.log_server->log = log;
        config.server.call_log = make_call_log(*config.log_server);
    }
}

void flush_call_log(const Config& config) {
    if (config.server.call_log != nullptr) {
        config.server.call_log->flush(config.log_server->flush_timeout);
    }
}

void give_interceptors(Config& config, Middleware& middleware) {
    const std::vector<ListenerEntry*> listeners = listeners_of(config);
    for (std::size_t index = 0; index < listeners.size(); ++index) {
        listeners[index]->options.interceptors =
            middleware.of(std::to_string(index), listeners[index]->middleware);
    }
}

int serve(const ServeOptions& options) {
    const Signals signals;
    const std::string file = config_file(options.config_file);
    auto config = load_config(file, options.virtual_host);
    if (!config) {
        return report(signals, config.error());
    }
    if (const auto problems = take_passed_sockets(*config); !problems.empty()) {
        return report(signals, problems);
    }
    const std::shared_ptr<endpoint::LogQueue> log = make_log(config->log_level, config->log_format);
    set_log(*config, log);
    Server server{config->server};
    if (const auto problems = load_methods(*config, options.modules, server.methods());
        !problems.empty()) {
        return report(signals, problems);
    }
    if (const auto problems = bind_settings(*config, server.methods()); !problems.empty()) {
        return report(signals, problems);
    }
    for (const std::string& note : config->notes) {
        log->warning(note);
    }
    try {
        if (config->tracing) {
            config->tracing->log = log;
            server.use(server_tracing(make_tracer(*config->tracing)));
        }
        Middleware middleware{config->middleware, log};
        give_interceptors(*config, middleware);
        for (const ListenerEntry& listener : config->listeners) {
            server.listen(listener.options);
        }
        for (const ProxyEntry& proxy : config->proxies) {
            make_buffer_directory(proxy.to);
            server.forward(proxy.from.options, proxy.to);
        }
        Reload reload{{.config = *config,
                       .middleware = middleware,
                       .server = server,
                       .log = log,
                       .virtual_host = options.virtual_host}};
        RunOptions run{.drain_timeout = [&config] { return config->server.drain_timeout; },
                       .reload = [&reload] { reload.run(); },
                       .cut_off = [&config] { flush_call_log(*config); }};
        std::unique_ptr<DocsServer> docs;
        if (config->docs) {
            docs = open_docs(*config, options.modules, server.methods());
            run.documented = [&] {
                docs->publish(configured_contract(*config, server.methods(), server.addresses()));
                return docs->url();
            };
        }
        return run_server(server, signals, log, run);
    } catch (const Error& error) {
        const bool has_location = error.message().starts_with(file + ":");
        log->flush(std::chrono::milliseconds{100});
        report(signals, {has_location ? error.message() : file + ": " + error.message()});
        return error.code() == Code::failed ? exit_unavailable : exit_configuration;
    }
}

}  // namespace

void add_serve(CLI::App& program, Action& action) {
    CLI::App* command =
        program.add_subcommand("serve", "Serve the methods of modules as a configuration says.");
    const auto options = std::make_shared<ServeOptions>();
    command
        ->add_option("--config,--config-file-path", options->config_file,
                     "The configuration (default: CONFIG_FILE_PATH of the environment, then "
                     "/etc/warren/warren.yml)")
        ->type_name(value_name::file);
    command->add_option("--virtual-host-name", options->virtual_host,
                        "Serve this one of the configuration's virtual hosts alone");
    command
        ->add_option("--modules", options->modules,
                     "A directory of modules, beside the configuration's; may be repeated")
        ->type_name(value_name::directory)
        ->allow_extra_args(false);
    command->callback([&action, options] { action = [options] { return serve(*options); }; });
}

}  // namespace warren::app
