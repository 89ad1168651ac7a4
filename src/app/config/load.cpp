#include "app/config/changes.hpp"
#include "app/config/config.hpp"
#include "app/config/node.hpp"
#include "app/config/sections.hpp"
#include "app/read_file.hpp"

#include <yaml-cpp/eventhandler.h>

#include <cstdlib>
#include <sstream>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t config_bytes_max = std::size_t{1} << 20;

std::optional<std::string> read_configuration(const std::string& file, ConfigProblems& problems) {
    auto content = read_file(file, config_bytes_max);
    if (!content) {
        problems.add(0, {}, "cannot be read: " + content.error());
        return std::nullopt;
    }
    if (content->size() > config_bytes_max) {
        problems.add(0, {}, "over 1 MiB: not a configuration");
        return std::nullopt;
    }
    return std::move(*content);
}

/// Where documents begin, of which the values are not wanted.
class DocumentStarts final : public YAML::EventHandler {
public:
    /// Before what begins no document, such as ',' or '}', yaml-cpp sees empty ones without end: of
    /// such a text YAML::LoadAll does not return.
    void OnDocumentStart(const YAML::Mark& mark) override {
        if (count_++ != 0 && mark.pos == last_.pos) {
            throw YAML::ParserException{mark, "no value begins with what stands in column " +
                                                  std::to_string(mark.column + 1)};
        }
        last_ = mark;
    }
    void OnDocumentEnd() override {}
    void OnNull(const YAML::Mark&, YAML::anchor_t) override {}
    void OnAlias(const YAML::Mark&, YAML::anchor_t) override {}
    void OnScalar(const YAML::Mark&, const std::string&, YAML::anchor_t,
                  const std::string&) override {}
    void OnSequenceStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                         YAML::EmitterStyle::value) override {}
    void OnSequenceEnd() override {}
    void OnMapStart(const YAML::Mark&, const std::string&, YAML::anchor_t,
                    YAML::EmitterStyle::value) override {}
    void OnMapEnd() override {}

    std::size_t count() const noexcept { return count_; }

private:
    std::size_t count_ = 0;
    YAML::Mark last_;
};

std::size_t count_documents(const std::string& content) {
    std::istringstream input{content};
    YAML::Parser parser{input};
    DocumentStarts documents;
    while (parser.HandleNextDocument(documents)) {
    }
    return documents.count();
}

std::optional<YAML::Node> parse(const std::string& content, ConfigProblems& problems) {
    try {
        if (count_documents(content) > 1) {
            problems.add(0, {}, "holds several documents ('---'), but one is wanted");
            return std::nullopt;
        }
        YAML::Node document = YAML::Load(content);
        if (document.IsNull()) {
            problems.add(0, {}, "is empty");
            return std::nullopt;
        }
        return document;
    } catch (const YAML::Exception& error) {
        problems.add(static_cast<std::size_t>(error.mark.line) + 1, {},
                     "is no valid YAML: " + error.msg);
        return std::nullopt;
    }
}

void read_root(const YAML::Node& node, const std::optional<std::string>& virtual_host,
               ConfigProblems& problems, Config& config) {
    const bool has_virtual_hosts = node.IsMap() && (node["virtual_hosts"] || node["server"]);
    if (has_virtual_hosts) {
        problems.tolerate();  // as the server does that this shape comes from
    }
    ConfigMap root{ConfigNode{node, "", problems}};
    if (!root.node().is_map()) {
        return;
    }
    if (has_virtual_hosts && root.has("listeners")) {
        root.node().fail(
            "'listeners' and 'server' with 'virtual_hosts' are two shapes: use one of them");
    }
    read_common(root, config);
    if (has_virtual_hosts) {
        read_virtual_hosts(root, virtual_host, config);
        root.find("listeners");
    } else {
        if (virtual_host) {
            root.node().fail(
                "a virtual host's name was given, but there are no 'virtual_hosts': serve these "
                "listeners without one (as a service: warren.service)");
        }
        read_listeners(root, config);
    }
    read_proxies(root, config);
    if (virtual_host) {
        config.proxies.clear();  // that host alone
    }
}

}  // namespace

std::string config_file(const std::optional<std::string>& given) {
    if (given) {
        return *given;
    }
    const char* named = std::getenv("CONFIG_FILE_PATH");
    return named != nullptr && *named != '\0' ? named : config_file_default;
}

Config read_config(const std::string& file, const std::optional<std::string>& virtual_host,
                   std::vector<std::string>& problems) {
    ConfigProblems found{file};
    Config config{.file = file};
    if (const auto content = read_configuration(file, found)) {
        if (const auto node = parse(*content, found)) {
            read_root(*node, virtual_host, found, config);
            config.values = config_values(*node, file);
            set_places(config);
        }
    }
    problems = found.lines();
    config.notes.insert(config.notes.end(), found.notes().begin(), found.notes().end());
    return config;
}

std::expected<Config, std::vector<std::string>> load_config(
    const std::string& file, const std::optional<std::string>& virtual_host) {
    std::vector<std::string> problems;
    Config config = read_config(file, virtual_host, problems);
    if (!problems.empty()) {
        return std::unexpected{std::move(problems)};
    }
    return config;
}

}  // namespace warren::app
