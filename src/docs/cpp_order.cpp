#include "docs/cpp_order.hpp"

#include <cstdint>
#include <map>

namespace warren::docs {
namespace {

using contract::DataType;
using contract::ModelDocument;
using Kind = Type::Kind;

/// The models that a type holds as they are, and those that it has lists, sets or maps of.
struct Held {
    std::vector<std::string_view> inside;
    std::vector<std::string_view> behind;

    void add(const DataType& type, bool is_behind = false) {
        is_behind = is_behind || type.kind == Kind::list || type.kind == Kind::set ||
                    type.kind == Kind::map;
        if (type.kind == Kind::model) {
            (is_behind ? behind : inside).push_back(type.reference);
        }
        for (const DataType& element : type.elements) {
            add(element, is_behind);
        }
    }
};

class CppOrdering {
public:
    explicit CppOrdering(const contract::Document& document) : document_{document} {}

    CppOrder run() {
        for (const ModelDocument& model : document_.models) {
            visit(model);
        }
        std::set<std::string_view> known;
        for (const ModelDocument* model : order_.models) {
            known.insert(model->id);
            for (const contract::FieldDocument& field : model->fields) {
                Held held;
                held.add(field.type);
                for (const std::string_view id : held.behind) {
                    if (!known.contains(id)) {
                        order_.declared.insert(id);
                    }
                }
            }
        }
        return std::move(order_);
    }

private:
    enum class State : std::uint8_t { unknown, open, done };

    /// A model, and how many of its fields were looked at.
    struct Open {
        const ModelDocument* model;
        std::size_t next = 0;
    };

    /// Depth first, with a list in place of recursion.
    void visit(const ModelDocument& root) {
        if (states_[root.id] != State::unknown) {
            return;
        }
        std::vector<Open> open{{&root}};
        states_[root.id] = State::open;
        while (!open.empty()) {
            const ModelDocument& model = *open.back().model;
            if (open.back().next == model.fields.size()) {
                states_[model.id] = State::done;
                order_.models.push_back(&model);
                open.pop_back();
                continue;
            }
            if (const ModelDocument* first = first_of(model.fields[open.back().next])) {
                states_[first->id] = State::open;
                open.push_back({first});
            } else {
                ++open.back().next;
            }
        }
    }

    /// A model that must come first, and was not looked at yet.
    const ModelDocument* first_of(const contract::FieldDocument& field) {
        Held held;
        held.add(field.type);
        for (const std::string_view id : held.inside) {
            const ModelDocument* const model = document_.find_model(id);
            if (model == nullptr) {
                continue;
            }
            const State state = states_[model->id];
            if (state == State::open) {
                order_.endless.insert(&field);
                return nullptr;
            }
            if (state == State::unknown) {
                return model;
            }
        }
        return nullptr;
    }

    const contract::Document& document_;
    std::map<std::string_view, State> states_;
    CppOrder order_;
};

}  // namespace

CppOrder cpp_order(const contract::Document& document) {
    return CppOrdering{document}.run();
}

}  // namespace warren::docs
