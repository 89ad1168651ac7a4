#include <warren/constraints.hpp>
#include <warren/error.hpp>

#include <re2/re2.h>

namespace warren {
namespace {

re2::RE2::Options quiet_options() {
    re2::RE2::Options options;
    options.set_log_errors(false);  // RE2 would write to stderr
    options.set_encoding(re2::RE2::Options::EncodingUTF8);
    return options;
}

}  // namespace

struct Pattern::Compiled {
    explicit Compiled(const std::string& text) : expression{text, quiet_options()} {}

    re2::RE2 expression;
};

Pattern::Pattern(std::string expression, std::string_view field)
    : expression_{std::move(expression)} {
    auto compiled = std::make_shared<const Compiled>(expression_);
    if (!compiled->expression.ok()) {
        throw Error{Code::internal, std::string{field} + ": the pattern \"" + expression_ +
                                        "\" is not valid (RE2): " + compiled->expression.error()};
    }
    compiled_ = std::move(compiled);
}

bool Pattern::matches(std::string_view text) const {
    return re2::RE2::PartialMatch(re2::StringPiece{text.data(), text.size()},
                                  compiled_->expression);
}

}  // namespace warren
