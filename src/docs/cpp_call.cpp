#include "docs/cpp_call.hpp"

#include "docs/caller.hpp"
#include "docs/cpp_types.hpp"
#include "docs/quoting.hpp"
#include "docs/sample.hpp"

#include <fmt/format.h>

#include <optional>
#include <string_view>

namespace warren::docs {
namespace {

using contract::CallerNeed;
using contract::Document;
using contract::ListenerDocument;
using contract::MethodDocument;

constexpr std::string_view reading_secrets = R"(
std::string content_of(const char* file) {
    std::string line;
    std::getline(std::ifstream{file}, line);
    return line;
}
)";

/// A model's members by name, where each has a short form.
std::optional<std::string> members_of(const Document& document, const CppNames& names,
                                      const contract::DataType& type, const Value& request) {
    const auto* const model =
        type.kind == Type::Kind::model ? document.find_model(type.reference) : nullptr;
    if (model == nullptr || !request.is_map()) {
        return std::nullopt;
    }
    const std::vector<std::string> members = cpp_members(*model);
    std::string text;
    std::size_t written = 0;
    for (std::size_t at = 0; at < members.size(); ++at) {
        const contract::FieldDocument& field = model->fields[at];
        const Value* const given = request.find(field.name);
        if (given == nullptr) {
            continue;
        }
        const auto value = cpp_default(field.type, *given, names);
        if (!value) {
            return std::nullopt;
        }
        ++written;
        text += fmt::format("        .{} = {},\n", members[at], *value);
    }
    return written == request.as_map().size() ? std::optional{text} : std::nullopt;
}

std::string request_of(const Document& document, const CppNames& names,
                       const MethodDocument& method, const Dynamic& request) {
    const std::string type = cpp_type(method.request, names);
    if (const auto members = members_of(document, names, method.request, request.value())) {
        return members->empty()
                   ? fmt::format("    const {} request{{}};\n", type)
                   : fmt::format("    const {} request{{\n{}    }};\n", type, *members);
    }
    return fmt::format(
        "    const auto request =\n        warren::Dynamic::from_json({}).as<{}>();\n",
        cpp_quoted(json_line(request.value())), type);
}

std::string options_of(bool with_key, bool with_secret) {
    std::string text;
    if (with_key) {
        text = fmt::format(".fernet_keys = {{content_of(\"{}\")}}", fernet_key_file);
    }
    if (with_secret) {
        text += fmt::format("{}.auth_secrets = {{content_of(\"{}\")}}", text.empty() ? "" : ", ",
                            auth_secret_file);
    }
    return text.empty() ? text : ", {" + text + "}";
}

}  // namespace

std::string cpp_call(const Document& document, const CppNames& names,
                     const ListenerDocument& listener, const MethodDocument& method,
                     const Dynamic& request) {
    const bool with_key = encrypted_secrets(document, listener, method) != Secrets::none;
    const bool with_secret = has_need(listener, CallerNeed::auth_secret);
    std::string text =
        "// models/models.hpp is made of this documentation's contract.json:\n"
        "//     warren models --language cpp --out models contract.json\n"
        "#include \"models/models.hpp\"\n\n#include <warren/client.hpp>\n\n";
    if (with_key || with_secret) {
        text += "#include <fstream>\n";
    }
    text += "#include <iostream>\n";
    if (with_key || with_secret) {
        text.append("#include <string>\n").append(reading_secrets);
    }
    text += fmt::format("\nint main() {{\n    warren::Client client{{{}{}}};\n",
                        cpp_quoted(caller_address(listener)), options_of(with_key, with_secret));
    // A contract without a request has no type to be sent.
    const bool has_contract = method.request.kind != Type::Kind::nothing;
    const std::string contract =
        has_contract ? fmt::format("<{}::{}>(", cpp_namespace, names.methods.at(method.name))
                     : fmt::format("({}, ", cpp_quoted(method.name));
    text += has_contract ? request_of(document, names, method, request)
                         : std::string{"    const warren::Dynamic request;\n"};
    const bool is_answered = method.response.kind != Type::Kind::nothing || !has_contract;
    if (is_one_way(listener)) {
        text += fmt::format("    client.notify{}request);\n", contract);
    } else if (!is_answered) {
        text +=
            fmt::format("    client.call{}request);\n    std::cout << \"done\\n\";\n", contract);
    } else {
        text += fmt::format(
            "    const auto response = client.call{}request);\n"
            "    std::cout << warren::Dynamic::of(response).to_json() << '\\n';\n",
            contract);
    }
    return text + "}\n";
}

}  // namespace warren::docs
