#pragma once

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace warren::test {

/// A page taken apart as strictly as our own is to be written: each element is closed where it was
/// opened, values are quoted, and nothing is left over.
class ParsedHtml {
public:
    struct Element {
        std::string name;
        std::map<std::string, std::string> attributes;  // without their escapes
    };

    explicit ParsedHtml(std::string_view html) : rest_{html} {
        while (!rest_.empty()) {
            const std::size_t tag = rest_.find('<');
            add_text(rest_.substr(0, tag));
            rest_.remove_prefix(std::min(tag, rest_.size()));
            if (!rest_.empty()) {
                take_tag();
            }
        }
        for (const std::string& name : open_) {
            errors.push_back("not closed: " + name);
        }
    }

    bool has_id(const std::string& id) const { return ids.contains(id); }
    std::size_t count(std::string_view name) const {
        return static_cast<std::size_t>(std::ranges::count(elements, name, &Element::name));
    }
    /// Values of src, href and the like.
    std::vector<std::string> links() const {
        std::vector<std::string> found;
        for (const Element& element : elements) {
            for (const char* const name : {"href", "src", "action", "data", "srcset", "poster"}) {
                if (const auto link = element.attributes.find(name);
                    link != element.attributes.end()) {
                    found.push_back(link->second);
                }
            }
        }
        return found;
    }

    std::vector<std::string> errors;
    std::vector<Element> elements;
    std::set<std::string> ids;
    std::string text;  // what a reader sees, without its escapes

private:
    static std::string unescaped(std::string_view escaped) {
        static const std::map<std::string_view, char> characters{
            {"&amp;", '&'}, {"&lt;", '<'}, {"&gt;", '>'}, {"&quot;", '"'}, {"&#39;", '\''}};
        std::string plain;
        while (!escaped.empty()) {
            const auto found = escaped[0] == '&'
                                   ? characters.find(escaped.substr(0, escaped.find(';') + 1))
                                   : characters.end();
            plain += found == characters.end() ? escaped[0] : found->second;
            escaped.remove_prefix(found == characters.end() ? 1 : found->first.size());
        }
        return plain;
    }

    void add_text(std::string_view escaped) {
        if (escaped.contains('>') || escaped.contains('"')) {
            errors.push_back("loose in a text: " + std::string{escaped.substr(0, 80)});
        }
        text += unescaped(escaped);
    }

    static bool is_void(std::string_view name) {
        return name == "meta" || name == "link" || name == "input" || name == "!doctype";
    }

    void take_tag() {
        const std::size_t end = rest_.find('>');
        std::string_view tag = rest_.substr(1, end - 1);
        rest_.remove_prefix(end + 1);
        if (tag.starts_with('/')) {
            if (open_.empty() || open_.back() != tag.substr(1)) {
                errors.push_back("closed, and not open: " + std::string{tag});
            } else {
                open_.pop_back();
            }
            return;
        }
        Element element{.name = std::string{tag.substr(0, tag.find(' '))}};
        tag.remove_prefix(element.name.size());
        take_attributes(tag, element);
        if (!is_void(element.name)) {
            open_.push_back(element.name);
        }
        // Their content is no HTML.
        if (element.name == "style" || element.name == "script") {
            rest_.remove_prefix(std::min(rest_.find("</" + element.name), rest_.size()));
        }
        elements.push_back(std::move(element));
    }

    void take_attributes(std::string_view tag, Element& element) {
        while (tag.starts_with(' ')) {
            tag.remove_prefix(1);
            const std::string name{tag.substr(0, tag.find_first_of("= "))};
            tag.remove_prefix(name.size());
            std::string value;
            if (tag.starts_with("=\"")) {
                const std::size_t close = tag.find('"', 2);
                value = unescaped(tag.substr(2, close - 2));
                tag.remove_prefix(close + 1);
            }
            if (name == "id" && !ids.insert(value).second) {
                errors.push_back("an id is there twice: " + value);
            }
            if (!element.attributes.emplace(name, value).second) {
                errors.push_back("an attribute is there twice: " + name);
            }
        }
        if (!tag.empty()) {
            errors.push_back("left over in a tag: " + std::string{tag});
        }
    }

    std::string_view rest_;
    std::vector<std::string> open_;
};

}  // namespace warren::test
