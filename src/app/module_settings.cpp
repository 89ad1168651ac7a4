#include "app/module_settings.hpp"

#include "app/config/node.hpp"
#include "app/config/suggest.hpp"

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string_view>

namespace warren::app {
namespace {

/// What a section says, as a value for its model, and in which line it says what.
class SectionReader {
public:
    explicit SectionReader(std::string file) : problems_{std::move(file)} {}

    Value read(const SettingsEntry& entry, const Type& type) {
        return read(ConfigNode{entry.node, entry.path, problems_}, &type);
    }
    ConfigProblems& problems() noexcept { return problems_; }
    /// Whether something is known to be wrong there, or with what it is in.
    bool is_told(std::string_view path) const {
        return std::ranges::any_of(wrong_, [path](const std::string& known) {
            return path.starts_with(known) &&
                   (path.size() == known.size() || path[known.size()] == '.' ||
                    path[known.size()] == '[');
        });
    }
    /// The line of a place, or of what is nearest around it; 0: there is none.
    std::size_t line_of(std::string_view path) const {
        for (;;) {
            if (const auto found = lines_.find(path); found != lines_.end()) {
                return found->second;
            }
            const std::size_t end = path.find_last_of(".[");
            if (end == std::string_view::npos) {
                return 0;
            }
            path = path.substr(0, end);
        }
    }

private:
    /// in   type: null where it is not known
    Value read(const ConfigNode& node, const Type* type) {
        lines_[node.path()] = node.line();
        const std::size_t before = problems_.lines().size();
        const std::size_t wrong_before = wrong_.size();
        const Value value = convert(node, type);
        if (problems_.lines().size() != before && wrong_.size() == wrong_before) {
            wrong_.push_back(node.path());
        }
        return value;
    }

    Value convert(const ConfigNode& node, const Type* type) {
        while (type != nullptr &&
               (type->kind == Type::Kind::optional || type->kind == Type::Kind::secret)) {
            type = type->element;
        }
        const bool is_model = type != nullptr && type->kind == Type::Kind::model;
        if (node.is_null()) {
            return is_model ? Value::map({}) : Value{};
        }
        if (type != nullptr && type->kind == Type::Kind::text) {
            return or_null(node.is_map() ? node.secret() : node.any_text());
        }
        if (node.is_map()) {
            return is_model ? read_model(node, *type->model())
                            : read_map(node, type != nullptr ? type->element : nullptr);
        }
        if (node.is_list()) {
            return read_list(node, type != nullptr ? type->element : nullptr);
        }
        return node.scalar_data(arena_).value_or(Value{});
    }

    Value read_model(const ConfigNode& node, const Model& model) {
        std::vector<std::string_view> known;
        std::ranges::transform(model.fields, std::back_inserter(known), &Field::name);
        std::vector<Member> members;
        for (const auto& [key, value] : ConfigMap{node}.take_all()) {
            if (const Field* const field = model.find(key)) {
                members.push_back({Value::text(arena_.copy(key)), read(value, field->type)});
            } else {
                value.fail("unknown key" + suggest(key, known));
                wrong_.push_back(value.path());
            }
        }
        return Value::map(arena_.copy(std::span<const Member>{members}));
    }

    Value read_map(const ConfigNode& node, const Type* element) {
        std::vector<Member> members;
        for (const auto& [key, value] : ConfigMap{node}.take_all()) {
            members.push_back({Value::text(arena_.copy(key)), read(value, element)});
        }
        return Value::map(arena_.copy(std::span<const Member>{members}));
    }

    Value read_list(const ConfigNode& node, const Type* element) {
        std::vector<Value> items;
        for (const ConfigNode& item : node.any_items()) {
            items.push_back(read(item, element));
        }
        return Value::list(arena_.copy(std::span<const Value>{items}));
    }

    Value or_null(const std::optional<std::string>& text) {
        return text ? Value::text(arena_.copy(*text)) : Value{};
    }

    ConfigProblems problems_;
    Arena arena_;
    std::map<std::string, std::size_t, std::less<>> lines_;
    std::vector<std::string> wrong_;  // the innermost places
};

std::string place(const std::string& section, const FieldError& error) {
    const std::string location = to_string(error.location);
    return section + (location.empty() || location.starts_with('[') ? "" : ".") + location;
}

/// Whether a server by this configuration serves a method of a module.
bool is_served(const Config& config, const Registry& registry, const std::string& origin) {
    return std::ranges::any_of(config.listeners, [&](const ListenerEntry& listener) {
        return listener.options.methods.empty() ||
               std::ranges::any_of(listener.options.methods, [&](const std::string& name) {
                   const Method* const method = registry.find(name);
                   return method != nullptr && method->origin == origin;
               });
    });
}

void bind_section(const SettingsSection& section, const SettingsEntry& said,
                  const std::string& file, std::vector<std::string>& problems) {
    SectionReader reader{file};
    const Value value = reader.read(said, *section.type);
    try {
        detail::bind_checked(*section.type, value, section.values.get());
    } catch (const Error& refused) {
        const std::string by = section.origin.empty() ? "" : " (" + section.origin + ")";
        for (const FieldError& error : refused.failure().errors) {
            const std::string path = place(said.path, error);
            if (!reader.is_told(path)) {
                reader.problems().add(reader.line_of(path), path, error.message + by);
            }
        }
    }
    std::ranges::move(reader.problems().lines(), std::back_inserter(problems));
}

}  // namespace

std::vector<std::string> bind_settings(Config& config, const Registry& registry) {
    std::vector<std::string> problems;
    std::vector<std::string_view> known;
    std::ranges::transform(registry.settings_sections(), std::back_inserter(known),
                           &SettingsSection::name);
    for (const SettingsEntry& said : config.settings) {
        if (std::ranges::find(known, said.name) == known.end()) {
            const YAML::Mark mark = said.node.Mark();
            ConfigProblems unknown{config.file};
            unknown.add(mark.line < 0 ? 0 : static_cast<std::size_t>(mark.line) + 1, said.path,
                        "no module has settings of this name" + suggest(said.name, known));
            const bool skip = config.methods_missing == MethodsMissing::skip;
            std::ranges::move(unknown.lines(), std::back_inserter(skip ? config.notes : problems));
        }
    }
    for (const SettingsSection& section : registry.settings_sections()) {
        const auto said = std::ranges::find(config.settings, section.name, &SettingsEntry::name);
        if (said != config.settings.end()) {
            bind_section(section, *said, config.file, problems);
        } else if (is_served(config, registry, section.origin)) {
            bind_section(section, {.name = section.name, .path = "settings." + section.name},
                         config.file, problems);
        }
    }
    return problems;
}

}  // namespace warren::app
