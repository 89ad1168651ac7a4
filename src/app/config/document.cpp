#include "app/config/document.hpp"

#include "app/read_file.hpp"

#include <yaml-cpp/eventhandler.h>

#include <cstddef>
#include <sstream>
#include <string>
#include <utility>

namespace warren::app {
namespace {

constexpr std::size_t config_bytes_max = std::size_t{1} << 20;

std::optional<std::string> read_text_of(ConfigProblems& problems) {
    auto content = read_file(problems.file(), config_bytes_max);
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

}  // namespace

std::optional<YAML::Node> read_yaml_document(ConfigProblems& problems) {
    const auto content = read_text_of(problems);
    if (!content) {
        return std::nullopt;
    }
    try {
        if (count_documents(*content) > 1) {
            problems.add(0, {}, "holds several documents ('---'), but one is wanted");
            return std::nullopt;
        }
        YAML::Node document = YAML::Load(*content);
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

}  // namespace warren::app
