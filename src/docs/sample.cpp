#include "docs/sample.hpp"

#include "core/base64.hpp"
#include "docs/pasted_request.hpp"
#include "model/secrets.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::Demands;
using Kind = Type::Kind;

double number_of(const Value& value) {
    switch (value.kind()) {
    case Value::Kind::int64:
        return static_cast<double>(value.as_int64());
    case Value::Kind::uint64:
        return static_cast<double>(value.as_uint64());
    case Value::Kind::float64:
        return value.as_float64();
    default:
        return 0;
    }
}

/// A number within bounds, a whole one unless only others are.
double number_within(const Demands& demands) {
    double least = -std::numeric_limits<double>::infinity();
    double most = std::numeric_limits<double>::infinity();
    if (demands.at_least) {
        least = number_of(demands.at_least->value());
    }
    if (demands.greater_than) {
        const double bound = number_of(demands.greater_than->value());
        least = std::max(least, std::floor(bound) + 1);
    }
    if (demands.at_most) {
        most = number_of(demands.at_most->value());
    }
    if (demands.less_than) {
        const double bound = number_of(demands.less_than->value());
        most = std::min(most, std::ceil(bound) - 1);
    }
    if (least > most && demands.greater_than) {
        const double above = number_of(demands.greater_than->value());
        const double below = demands.less_than ? number_of(demands.less_than->value()) : most;
        return above + (below - above) / 2;
    }
    return std::clamp(1., least, std::max(least, most));
}

Dynamic whole(double number, bool is_signed) {
    constexpr double int64_end = 9223372036854775808.;
    if (number >= int64_end) {
        return Dynamic{static_cast<std::uint64_t>(std::min(number, 18446744073709549568.))};
    }
    const double least = is_signed ? -int64_end : 0;
    return Dynamic{static_cast<std::int64_t>(std::max(number, least))};
}

/// "text" in a length that is taken.
std::string text_within(const Demands& demands, std::string text) {
    constexpr std::size_t length_max = 256;
    if (demands.min_length && text.size() < *demands.min_length) {
        text.resize(std::min(*demands.min_length, length_max), 'x');
    }
    if (demands.max_length && text.size() > *demands.max_length) {
        text.resize(*demands.max_length);
    }
    return text;
}

class Sample {
public:
    /// in   secrets: names what is secret; nullptr: it is as all else
    explicit Sample(const contract::Document& document, SecretNames* secrets = nullptr)
        : document_{document}, secrets_{secrets} {}

    /// The value of a secret field.
    Dynamic of_secret(const contract::FieldDocument& field) {
        is_secret_ = true;
        field_ = field.name;
        return of(field.type, field.demands);
    }

    Dynamic of(const DataType& type, const Demands& demands) {
        if (depth_ == depth_max || values_ == values_max) {
            return {};
        }
        ++values_;
        ++depth_;
        Dynamic made = of_kind(type, demands);
        --depth_;
        return made;
    }

private:
    // More than anybody reads.
    static constexpr std::size_t depth_max = 32;
    static constexpr std::size_t values_max = 300;

    static bool has_inside(Kind kind) {
        return kind == Kind::list || kind == Kind::set || kind == Kind::array ||
               kind == Kind::map || kind == Kind::optional || kind == Kind::secret ||
               kind == Kind::choice || kind == Kind::model || kind == Kind::nothing;
    }

    Dynamic of_kind(const DataType& type, const Demands& demands) {
        if (secrets_ != nullptr && is_secret_ && !has_inside(type.kind)) {
            return secrets_->next(field_, type.kind != Kind::boolean &&
                                              type.kind != Kind::integer &&
                                              type.kind != Kind::floating);
        }
        switch (type.kind) {
        case Kind::boolean:
            return true;
        case Kind::integer:
            return whole(number_within(demands), type.is_signed);
        case Kind::floating:
            return number_within(demands);
        case Kind::text:
            return text_within(demands, "text");
        case Kind::bytes:
            return core::base64_encode(text_within(demands, "bytes"));
        case Kind::enumeration:
            return enumerator(type);
        case Kind::list:
        case Kind::set:
        case Kind::array:
            return items(type, demands);
        case Kind::map:
            return Dynamic::map({{"key", of(type.elements[0], {})}});
        case Kind::optional:
        case Kind::secret:
        case Kind::choice: {
            const bool was_secret =
                std::exchange(is_secret_, is_secret_ || type.kind == Kind::secret);
            Dynamic inside = type.elements.empty() ? Dynamic{} : of(type.elements[0], demands);
            is_secret_ = was_secret;
            return inside;
        }
        case Kind::model:
            return model(document_.find_model(type.reference));
        case Kind::nothing:
        case Kind::uuid:
        case Kind::timestamp:
        case Kind::duration:
        case Kind::absolute_path:
        case Kind::relative_path:
        case Kind::dynamic:
            return of_text(type.kind, demands);
        }
        return {};
    }

    static Dynamic of_text(Kind kind, const Demands& demands) {
        switch (kind) {
        case Kind::uuid:
            return "6f1c9cb0-4a3e-4c5b-9a57-0d3f5b1f2a10";
        case Kind::timestamp:
            return "2026-01-31T12:00:00Z";
        case Kind::duration:
            return "PT" + std::to_string(std::llround(number_within(demands))) + "S";
        case Kind::absolute_path:
            return text_within(demands, "/srv/data");
        case Kind::relative_path:
            return text_within(demands, "data");
        case Kind::dynamic:
            return "anything";
        default:
            return {};
        }
    }

    Dynamic enumerator(const DataType& type) const {
        const auto* const found = document_.find_enumeration(type.reference);
        return found == nullptr || found->enumerators.empty() ? Dynamic{}
                                                              : found->enumerators.front().name;
    }

    Dynamic items(const DataType& type, const Demands& demands) {
        constexpr std::size_t shown_max = 16;
        std::size_t count = std::max<std::size_t>(demands.min_length.value_or(1), 1);
        if (demands.max_length) {
            count = std::min(count, *demands.max_length);
        }
        if (type.kind == Kind::array) {
            count = type.length;
        }
        Dynamic list = Dynamic::list({});
        for (std::size_t at = 0; at < std::min(count, shown_max); ++at) {
            list.push_back(of(type.elements[0], {}));
        }
        return list;
    }

    Dynamic model(const contract::ModelDocument* described) {
        Dynamic object = Dynamic::map({});
        if (described == nullptr) {
            return object;
        }
        const auto around = std::pair{field_, is_secret_};
        for (const contract::FieldDocument& field : described->fields) {
            field_ = field.name;
            is_secret_ = around.second || field.is_secret;
            if (!is_secret_ && !field.examples.empty()) {
                object.insert_or_assign(field.name, field.examples.front());
            } else if (field.required) {
                object.insert_or_assign(field.name, of(field.type, field.demands));
            }
        }
        std::tie(field_, is_secret_) = around;
        return object;
    }

    const contract::Document& document_;
    SecretNames* const secrets_;
    std::string_view field_;  // the one that is made
    bool is_secret_ = false;  // and whether it is one
    std::size_t depth_ = 0;
    std::size_t values_ = 0;
};

}  // namespace

Dynamic sample_request(const contract::Document& document, const contract::MethodDocument& method) {
    return method.examples.empty() ? Sample{document}.of(method.request, {})
                                   : method.examples.front().request;
}

Dynamic sample_request(const contract::Document& document, const contract::MethodDocument& method,
                       SecretNames& secrets) {
    return Sample{document, &secrets}.of(method.request, {});
}

Dynamic sample_secret(const contract::Document& document, const contract::FieldDocument& field,
                      SecretNames& secrets) {
    return Sample{document, &secrets}.of_secret(field);
}

Secrets secrets_in(const contract::Document& document, const DataType& type) {
    Secrets found = Secrets::none;
    std::vector<const DataType*> left{&type};
    std::vector<std::string_view> seen;
    constexpr std::size_t models_max = 100;
    while (!left.empty()) {
        const DataType& here = *left.back();
        left.pop_back();
        if (here.kind == Kind::secret) {
            return Secrets::by_type;
        }
        for (const DataType& element : here.elements) {
            left.push_back(&element);
        }
        const auto* const described =
            here.kind == Kind::model ? document.find_model(here.reference) : nullptr;
        if (described == nullptr || seen.size() == models_max ||
            std::ranges::find(seen, std::string_view{described->id}) != seen.end()) {
            continue;
        }
        seen.push_back(described->id);
        for (const contract::FieldDocument& field : described->fields) {
            if (field.is_secret && model::is_secret_name(field.name)) {
                found = Secrets::by_name;  // with all that is inside
            } else if (field.is_secret) {
                return Secrets::by_type;
            } else {
                left.push_back(&field.type);
            }
        }
    }
    return found;
}

}  // namespace warren::docs
