#include "conformance/matrix.hpp"
#include "conformance/scene.hpp"
#include "conformance/steps.hpp"
#include "conformance/text_failures.hpp"
#include "endpoint/protocols/table.hpp"
#include "support/support.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

namespace warren::conformance {
namespace {

/// The lines of the transcript. Empty ones and those that begin with '#' are for readers.
std::vector<std::string> expected_lines() {
    std::ifstream file{WARREN_CONFORMANCE_TRANSCRIPT};
    std::vector<std::string> lines;
    for (std::string line; std::getline(file, line);) {
        if (!line.empty() && line.front() != '#') {
            lines.push_back(std::move(line));
        }
    }
    return lines;
}

std::string as_carried(const std::string& line, const ProtocolTraits& traits) {
    switch (traits.failures) {
    case ProtocolTraits::Failures::carried:
        return line;
    case ProtocolTraits::Failures::texts:
        return as_text_failure(line);
    case ProtocolTraits::Failures::exceptions:
        return as_exception_failure(line);
    }
    return line;
}

class Conformance : public testing::TestWithParam<Cell> {};

TEST_P(Conformance, GoesAsTheTranscriptSays) {
    const std::vector<std::string> expected = expected_lines();
    Scene scene{GetParam()};
    const std::filesystem::path folder{test::binary_directory() + "/conformance"};
    std::filesystem::create_directories(folder);
    std::ofstream transcript{folder / (std::string{GetParam().name} + ".txt")};
    EXPECT_EQ(expected.size(), steps().size()) << "one line for each step";
    for (std::size_t at = 0; at < steps().size(); ++at) {
        const Step& step = steps()[at];
        if (step.applies != nullptr && !step.applies(scene.traits())) {
            continue;
        }
        const std::string line = std::string{step.title} + " -> " + step.run(scene);
        transcript << line << std::endl;  // also what came before a step that hangs
        EXPECT_EQ(line, at < expected.size() ? as_carried(expected[at], scene.traits()) : "");
    }
}

TEST(Matrix, ThereIsOneForEachProtocol) {
    for (const endpoint::ProtocolDescriptor* const protocol : endpoint::protocols()) {
        EXPECT_TRUE(std::ranges::any_of(matrix(), [&](const Cell& cell) {
            return cell.traits.name == protocol->name;
        })) << protocol->name;
    }
}

INSTANTIATE_TEST_SUITE_P(Over, Conformance, testing::ValuesIn(matrix().begin(), matrix().end()),
                         [](const auto& tested) { return std::string{tested.param.name}; });

}  // namespace
}  // namespace warren::conformance
