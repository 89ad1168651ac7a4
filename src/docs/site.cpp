#include "docs/site.hpp"

#include <warren/error.hpp>

#include "core/percent.hpp"
#include "docs/assets.hpp"
#include "docs/asyncapi.hpp"
#include "docs/changes.hpp"
#include "docs/openrpc.hpp"
#include "docs/schema_name.hpp"
#include "docs/schemas.hpp"
#include "format/json/json.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace warren::docs {
namespace {

constexpr std::string_view html_type = "text/html; charset=utf-8";
constexpr std::string_view json_type = "application/json";
constexpr std::string_view css_type = "text/css; charset=utf-8";
constexpr std::string_view javascript_type = "text/javascript; charset=utf-8";

std::string pretty_json(const Dynamic& value) {
    std::string text;
    if (!format::json_encode_pretty(value.value(), text,
                                    {.depth_max = std::numeric_limits<std::size_t>::max()})) {
        throw Error{Code::internal, "A schema has no form in JSON"};
    }
    return text + '\n';
}

SiteFile json_file(std::string path, const Dynamic& value) {
    return {std::move(path), json_type, pretty_json(value)};
}

/// The names that there are below /schemas, as the original server has them.
Dynamic schema_names(const contract::Document& document) {
    Dynamic names = Dynamic::list({});
    for (const contract::MethodDocument& method : document.methods) {
        names.push_back(schema_file(method.name));
    }
    names.push_back("head.json");
    return names;
}

void add_schemas(const contract::Document& document, std::vector<SiteFile>& files) {
    files.push_back(json_file("schemas/index.json", schema_names(document)));
    files.push_back(json_file("schemas/head.json", head_schema(document)));
    files.push_back(json_file("schemas/bundle.json", bundle_schema(document)));
    for (const contract::MethodDocument& method : document.methods) {
        files.push_back(
            json_file("schemas/" + schema_file(method.name), reference_schema(document, method)));
    }
}

/// What programs read of the whole contract; each is linked to from the first page.
std::vector<SiteFile> documents_of(const contract::Document& document, const PageOptions& options) {
    std::vector<SiteFile> files;
    files.push_back({"contract.json", json_type, contract::to_json(document)});
    files.push_back(json_file("asyncapi.json", asyncapi(document, options.title)));
    files.push_back(json_file("openrpc.json", openrpc(document, options.title)));
    if (options.changes != nullptr) {
        files.push_back(
            {std::string{changes_json_file}, json_type, contract::to_json(*options.changes)});
    }
    return files;
}

}  // namespace

std::vector<SiteFile> site(const contract::Document& document, const PageOptions& options) {
    std::vector<SiteFile> files = documents_of(document, options);
    std::vector<std::string> linked;
    linked.reserve(files.size());
    for (const SiteFile& file : files) {
        linked.push_back(file.path);
    }
    linked.insert(linked.end(), {"schemas/index.json", "schemas/head.json", "schemas/bundle.json"});
    add_schemas(document, files);
    const Layout layout{document};
    const CppNames names = cpp_names(document);
    for (const Layout::Page& page : layout.pages()) {
        files.push_back(
            {page.file, html_type, page_html(document, names, layout, page, options, linked)});
    }
    if (options.changes != nullptr) {
        files.push_back(
            {std::string{changes_file}, html_type, changes_html(document, layout, options)});
    }
    if (options.assets == PageAssets::linked) {
        files.push_back({std::string{stylesheet_file}, css_type, std::string{stylesheet}});
        files.push_back({std::string{script_file}, javascript_type, std::string{script}});
    }
    for (const Asset& asset : options.try_it ? try_assets : std::span<const Asset>{}) {
        files.push_back({std::string{asset.file},
                         asset.file.ends_with(".css") ? css_type : javascript_type,
                         std::string{asset.content}});
    }
    std::ranges::sort(files, {}, &SiteFile::path);
    return files;
}

std::string site_path_of(std::string_view path) {
    const std::string decoded = core::percent_decode(path).value_or(std::string{});
    if (decoded == "/") {
        return "index.html";
    }
    if (decoded == "/schemas" || decoded == "/schemas/") {
        return "schemas/index.json";
    }
    return decoded.starts_with('/') ? decoded.substr(1) : decoded;
}

}  // namespace warren::docs
