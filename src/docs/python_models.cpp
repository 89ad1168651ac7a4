#include "docs/python_models.hpp"

#include "docs/names.hpp"
#include "docs/python_module.hpp"
#include "docs/python_support.hpp"
#include "docs/python_words.hpp"

#include <algorithm>
#include <string>

namespace warren::docs {
namespace {

constexpr std::size_t python_file_name_bytes_max = 200;

constexpr std::string_view python_init =
    "\"\"\"Models of a contract, and calls of its methods: a module for each method.\n\n"
    "Made by `warren models`.\n\"\"\"\n";

}  // namespace

std::vector<OutputFile> python_models(const contract::Document& document, Pydantic pydantic) {
    std::vector<OutputFile> files{{"__init__.py", std::string{python_init}},
                                  {"_warren.py", python_support(pydantic)}};
    ScopeNames names{python_words({PythonWords::keywords, PythonWords::modules}),
                     LetterCase::ignored};
    for (const contract::MethodDocument& method : document.methods) {
        std::string name = identifier_of(method.name, "method");
        name.resize(std::min(name.size(), python_file_name_bytes_max));
        files.push_back({names.choose(name) + ".py", python_module(document, method, pydantic)});
    }
    return files;
}

std::string python_support(Pydantic pydantic) {
    std::string text{python_scalars};
    if (pydantic == Pydantic::v2) {
        constexpr std::string_view imported = "import pydantic\n";
        text.insert(text.find(imported) + imported.size(), "import pydantic_core\n");
    }
    for (const std::string_view part :
         {python_times, python_containers, python_patterns, python_binding,
          pydantic == Pydantic::v1 ? python_pydantic_1 : python_pydantic_2, python_replies}) {
        text += part;
    }
    return text;
}

}  // namespace warren::docs
