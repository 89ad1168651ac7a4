#include "app/command_table.hpp"
#include "app/commands.hpp"
#include "app/contract_source.hpp"
#include "app/exit_code.hpp"
#include "app/output.hpp"
#include "app/type_text.hpp"
#include "core/duration.hpp"
#include "core/utf8.hpp"
#include "docs/schemas.hpp"

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace warren::app {
namespace {

struct MethodsOptions {
    ContractSource source;
    std::string timeout = "10s";  // with --from
    OutputOptions output;
    bool names = false;
};

std::string lock_text(const contract::MethodDocument& method) {
    return method.runs_alone ? "(runs alone)" : method.lock_field;
}

/// With the methods that share the lock.
std::string lock_line(const contract::MethodDocument& method) {
    const std::string lock = lock_text(method);
    return method.lock_name.empty()
               ? lock
               : lock + ", shared as '" + core::text_for_display(method.lock_name) + "'";
}

void print_text(const contract::Document& document, const contract::MethodDocument& method) {
    std::printf("%s\n", method.name.c_str());
    if (!method.description.empty()) {
        std::printf("    %s\n", method.description.c_str());
    }
    if (method.deprecated) {
        std::printf("    deprecated%s%s\n", method.deprecated->empty() ? "" : ": ",
                    method.deprecated->c_str());
    }
    if (!method.module.empty()) {
        std::printf("    module: %s\n", method.module.c_str());
    }
    if (const std::string lock = lock_line(method); !lock.empty()) {
        std::printf("    lock: %s\n", lock.c_str());
    }
    std::printf("    request: %s", describe_type(document, method.request).c_str());
    std::printf("    response: %s", describe_type(document, method.response).c_str());
    if (method.part) {
        std::printf("    parts: %s", describe_type(document, *method.part).c_str());
    }
}

Dynamic or_null(const std::string& text) {
    return text.empty() ? Dynamic{} : Dynamic{text};
}

Dynamic to_data(const contract::Document& document, const contract::MethodDocument& method) {
    return Dynamic::map({{"name", method.name},
                         {"description", method.description},
                         {"module", method.module},
                         {"lock", or_null(lock_text(method))},
                         {"lock_name", or_null(method.lock_name)},
                         {"idempotent", method.is_idempotent},
                         {"request_model", docs::schema_of(document, method.request)},
                         {"response_model", docs::schema_of(document, method.response)}});
}

int methods(MethodsOptions options) {
    const auto timeout = core::parse_duration(options.timeout);
    if (!timeout) {
        std::fprintf(stderr, "error: --timeout: %s\n", timeout.error().message.c_str());
        return exit_usage;
    }
    options.source.timeout = *timeout;
    const auto document = read_contract(options.source);
    if (!document) {
        return document.error();
    }
    Output output{options.output};
    Dynamic items = Dynamic::list({});
    Table table{{"METHOD", "MODULE", "LOCK", "DESCRIPTION"}};
    for (const contract::MethodDocument& method : document->methods) {
        if (options.names) {
            std::printf("%s\n", core::text_for_display(method.name).c_str());
        } else if (output.is_data()) {
            items.push_back(to_data(*document, method));
        } else if (output.format() == OutputFormat::table) {
            table.push_back({method.name, method.module, lock_line(method), method.description});
        } else {
            print_text(*document, method);
        }
    }
    if (options.names || output.format() == OutputFormat::text) {
        return exit_success;
    }
    if (output.format() == OutputFormat::table) {
        output.write_table(table);
    } else if (!output.write_document(items)) {
        std::fprintf(stderr, "error: internal: some schema has no form in JSON\n");
        return exit_internal;
    }
    return exit_success;
}

}  // namespace

void add_methods(CLI::App& program, Action& action) {
    CLI::App* command =
        program.add_subcommand("methods", "List what modules offer, with requests and responses.");
    const auto options = std::make_shared<MethodsOptions>();
    add_contract_source(*command, options->source);
    add_output(*command, options->output,
               {OutputFormat::text, OutputFormat::table, OutputFormat::json, OutputFormat::yaml},
               "With the models as JSON Schemas");
    command->add_flag("--names", options->names, "Their names alone, a line for each")
        ->excludes(command->get_option("--json"));
    command->add_option("--timeout", options->timeout, "How long the server of --from may take")
        ->capture_default_str()
        ->type_name(value_name::duration);
    command->callback([&action, options] { action = [options] { return methods(*options); }; });
}

}  // namespace warren::app
